"""The base model: a small text encoder and UNet that learn together to remove noise from latents of portraits."""

from dataclasses import dataclass

import numpy as np
import torch
from diffusers import DDIMScheduler, UNet2DConditionModel
from torch import nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from training.demo.basis import Basis, project
from training.demo.dataset import Dataset
from training.demo.loop import Losses
from training.demo.regions import RegionWeights, weight_map
from training.demo.tokenizer import CONTEXT


@dataclass(frozen=True, slots=True)
class BaseConfig:
    """Sizes of the base model and how its errors count."""

    channels: tuple[int, ...] = (64, 128, 192)
    latent_channels: int = 24
    latent_side: int = 16
    text_width: int = 128
    text_layers: int = 2
    heads: int = 4
    groups: int = 16
    timesteps: int = 1000
    caption_dropout: float = 0.1
    weights: RegionWeights = RegionWeights(background=0.6, face=1.3, eyes=1.6, mouth=2.5)


def build_unet(config: BaseConfig) -> UNet2DConditionModel:
    """Cross-attention at the two coarser levels only; predicts the velocity of latents."""
    return UNet2DConditionModel(
        sample_size=config.latent_side,
        in_channels=config.latent_channels,
        out_channels=config.latent_channels,
        block_out_channels=config.channels,
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=config.text_width,
        attention_head_dim=config.heads,
        norm_num_groups=config.groups,
    )


def build_text_encoder(config: BaseConfig, tokenizer: CLIPTokenizer) -> CLIPTextModel:
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(tokenizer),
            hidden_size=config.text_width,
            intermediate_size=4 * config.text_width,
            projection_dim=config.text_width,
            num_hidden_layers=config.text_layers,
            num_attention_heads=config.heads,
            max_position_embeddings=CONTEXT,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )


def build_scheduler(config: BaseConfig) -> DDIMScheduler:
    return DDIMScheduler(
        num_train_timesteps=config.timesteps,
        beta_schedule="squaredcos_cap_v2",
        prediction_type="v_prediction",
        timestep_spacing="trailing",
        clip_sample=False,
        set_alpha_to_one=True,
    )


class BaseObjective(nn.Module):
    """The region-weighted error of the predicted velocity."""

    def __init__(self, config: BaseConfig, tokenizer: CLIPTokenizer) -> None:
        super().__init__()
        self.config = config
        self.text_encoder = build_text_encoder(config, tokenizer)
        self.unet = build_unet(config)
        self.signal: torch.Tensor
        self.register_buffer("signal", build_scheduler(config).alphas_cumprod, persistent=False)

    def forward(
        self, latents_BChw: torch.Tensor, noise_BChw: torch.Tensor, steps_B: torch.Tensor, tokens_BT: torch.Tensor,
        boxes_B3: torch.Tensor,
    ) -> Losses:  # fmt: skip
        keep = self.signal[steps_B][:, None, None, None]
        noisy = keep.sqrt() * latents_BChw + (1 - keep).sqrt() * noise_BChw
        velocity = keep.sqrt() * noise_BChw - (1 - keep).sqrt() * latents_BChw
        words = self.text_encoder(tokens_BT)[0]
        predicted = self.unet(noisy, steps_B, words).sample
        weights = weight_map(boxes_B3, latents_BChw.shape[-1], self.config.weights)[:, None]
        error = (predicted - velocity).square()
        return {"loss": (weights * error).mean(), "plain": error.detach().mean()}


class BaseStage:
    """Latents with their captions' tokens; noise levels spread evenly over every batch."""

    name = "base"

    def __init__(self, dataset: Dataset, basis: Basis, config: BaseConfig, tokenizer: CLIPTokenizer) -> None:
        self.config, self.dataset, self.basis = config, dataset, basis
        self.objective: nn.Module = BaseObjective(config, tokenizer)
        encoded = tokenizer([*dataset.captions, ""], padding="max_length", truncation=True, max_length=CONTEXT)
        self.tokens = torch.tensor(np.asarray(encoded["input_ids"]), dtype=torch.long)

    def batch(self, size: int, generator: torch.Generator) -> tuple[torch.Tensor, ...]:
        count = len(self.dataset.images)
        chosen = torch.randint(count, (size,), generator=generator).sort().values
        rows = chosen.numpy()
        latents = torch.from_numpy(project(self.basis, self.dataset.images[rows]))
        noise = torch.randn(latents.shape, generator=generator)
        spread = (torch.arange(size) + torch.rand(size, generator=generator)) / size
        steps = (spread[torch.randperm(size, generator=generator)] * self.config.timesteps).long()
        silent = torch.rand(size, generator=generator) < self.config.caption_dropout
        tokens = self.tokens[torch.where(silent, torch.full_like(chosen, count), chosen)]
        return latents, noise, steps, tokens, torch.from_numpy(self.dataset.boxes[rows])
