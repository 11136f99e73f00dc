"""The picture autoencoder: portraits to latents of a quarter of the side and back.

Shapes: images B3HW in -1..1, latents BCHW with H, W a quarter of the picture's.
"""

from dataclasses import dataclass

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import nn
from torch.nn import functional as F

from training.demo.basis import Basis, install, project
from training.demo.dataset import Dataset
from training.demo.loop import Losses
from training.demo.regions import RegionWeights, weight_map


@dataclass(frozen=True, slots=True)
class VaeConfig:
    """Size and losses of the autoencoder."""

    channels: tuple[int, ...] = (16, 32, 64)
    latent_channels: int = 24
    groups: int = 8
    size: int = 64
    squared: float = 2.0
    gradient: float = 0.5
    noise: float = 0.2
    weights: RegionWeights = RegionWeights(background=0.6, face=1.5, mouth=2.0)


def build_vae(config: VaeConfig) -> AutoencoderKL:
    """A fresh autoencoder; no attention, so that its cost grows with the area alone."""
    levels = len(config.channels)
    return AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * levels,
        up_block_types=("UpDecoderBlock2D",) * levels,
        block_out_channels=config.channels,
        layers_per_block=1,
        latent_channels=config.latent_channels,
        norm_num_groups=config.groups,
        sample_size=config.size,
        mid_block_add_attention=False,
        scaling_factor=1.0,
    )


def to_tensor(images: np.ndarray) -> torch.Tensor:
    """Bytes (B, H, W, 3) as float B3HW in -1..1."""
    return torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2).float().div_(127.5).sub_(1.0)


def _gradients(picture: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    return picture[..., :, 1:] - picture[..., :, :-1], picture[..., 1:, :] - picture[..., :-1, :]


class DecoderObjective(nn.Module):
    """Rebuilds pictures from slightly disturbed latents, so that the decoder forgives a generator's small errors."""

    def __init__(self, vae: AutoencoderKL, config: VaeConfig) -> None:
        super().__init__()
        self.vae, self.config = vae, config

    def forward(self, latents_BChw: torch.Tensor, images_B3HW: torch.Tensor, boxes_B3: torch.Tensor) -> Losses:
        error = self.vae.decode(self._disturb(latents_BChw)).sample - images_B3HW
        weights = weight_map(boxes_B3, images_B3HW.shape[-1], self.config.weights)[:, None]
        across, down = _gradients(error)
        absolute, squared = (weights * error.abs()).mean(), (weights * error.square()).mean()
        gradient = (weights[..., 1:] * across.abs()).mean() + (weights[..., 1:, :] * down.abs()).mean()
        loss = absolute + self.config.squared * squared + self.config.gradient * gradient
        psnr = 10 * torch.log10(4.0 / error.detach().square().mean())
        return {"loss": loss, "absolute": absolute, "psnr_db": psnr}

    def _disturb(self, latents: torch.Tensor) -> torch.Tensor:
        """Noise of up to `noise` for about half of the pictures; the latents' own spread is 1."""
        amount = torch.rand(latents.shape[0], 1, 1, 1, device=latents.device).mul_(2).sub_(1).clamp_(min=0)
        return latents + amount * self.config.noise * torch.randn_like(latents)


class VaeStage:
    """Batches of latents and pictures, with the place of the faces."""

    name = "vae"

    def __init__(self, dataset: Dataset, basis: Basis, config: VaeConfig) -> None:
        self.dataset, self.basis = dataset, basis
        vae = build_vae(config)
        install(vae, basis)
        self.objective: nn.Module = DecoderObjective(vae, config)

    def batch(self, size: int, generator: torch.Generator) -> tuple[torch.Tensor, ...]:
        chosen = torch.randint(len(self.dataset.images), (size,), generator=generator).sort().values.numpy()
        images = self.dataset.images[chosen]
        latents, boxes = torch.from_numpy(project(self.basis, images)), torch.from_numpy(self.dataset.boxes[chosen])
        return latents, to_tensor(images), boxes


@torch.no_grad()
def latents_of(vae: AutoencoderKL, images: np.ndarray, batch: int = 64) -> torch.Tensor:
    """The unscaled mean latents (n, C, h, w) of pictures (n, H, W, 3)."""
    parts = [vae.encode(to_tensor(images[i : i + batch])).latent_dist.mean for i in range(0, len(images), batch)]
    return torch.cat(parts)


@torch.no_grad()
def psnr_db(vae: AutoencoderKL, images: np.ndarray, batch: int = 64) -> float:
    """How faithfully pictures (n, H, W, 3) come back, in decibels; higher is better."""
    errors = []
    for i in range(0, len(images), batch):
        wanted = to_tensor(images[i : i + batch])
        rebuilt = vae.decode(vae.encode(wanted).latent_dist.mean).sample.clamp(-1, 1)
        errors.append(F.mse_loss(rebuilt, wanted, reduction="none").mean(dim=(1, 2, 3)))
    return float(10 * torch.log10(4.0 / torch.cat(errors).mean()))
