"""A linear basis of small patches, and an AutoencoderKL whose encoder computes exactly that basis.

The encoder needs no training: patches of 4x4 pixels (48 numbers) are projected on their principal components.
Only the decoder learns. Fixed latents let the base model start before, and improve beside, the decoder.

How the encoder of a stock AutoencoderKL is made linear (groups of eight channels before its last norm):

    group:  x1  -x1   x2  -x2   x3  -x3   +M   -M

The pairs make the group's mean zero, the large constants (M) make its variance constant, so that the norm only divides
by a known number; a bias of 20 keeps the following SiLU in its straight part, and the last layer takes it off again.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKL

PATCH = 4
PER_GROUP = 3
_ANCHOR = 1024.0
_LIFT = 20.0


@dataclass(frozen=True, slots=True)
class Basis:
    """Components of patches: mean (48,), matrix (48, K) to latents of about unit spread."""

    mean: np.ndarray
    matrix: np.ndarray

    @property
    def channels(self) -> int:
        return int(self.matrix.shape[1])


def patches(images: np.ndarray) -> np.ndarray:
    """Pictures (n, H, W, 3) as bytes to rows (n * H/4 * W/4, 48) in -1..1, ordered (row, column, colour)."""
    n, height, width, _ = images.shape
    tiled = images.reshape(n, height // PATCH, PATCH, width // PATCH, PATCH, 3).transpose(0, 1, 3, 2, 4, 5)
    rows: np.ndarray = tiled.reshape(-1, PATCH * PATCH * 3).astype(np.float32) / 127.5 - 1.0
    return rows


def fit_basis(images: np.ndarray, channels: int, evenness: float = 0.5) -> Basis:
    """The principal components of the pictures' patches.

    `evenness` 0 keeps their natural spread, 1 gives each component the same; the average spread is 1 either way.
    """
    rows = patches(images)
    mean = rows.mean(axis=0)
    spread, vectors = np.linalg.eigh(np.cov((rows - mean).T))
    deviation = np.sqrt(spread[::-1][:channels])
    kept = deviation ** (1.0 - evenness)
    kept = kept / np.sqrt(np.mean(kept**2))
    return Basis(mean.astype(np.float32), (vectors[:, ::-1][:, :channels] * (kept / deviation)).astype(np.float32))


def project(basis: Basis, images: np.ndarray) -> np.ndarray:
    """Latents float32 (n, K, H/4, W/4) of pictures (n, H, W, 3)."""
    n, height, width, _ = images.shape
    rows = (patches(images) - basis.mean) @ basis.matrix
    latents: np.ndarray = rows.reshape(n, height // PATCH, width // PATCH, -1).transpose(0, 3, 1, 2)
    return latents


def _identity_resnets(encoder: Any) -> None:
    """Silences the residual branch of every block: what remains is the shortcut."""
    for module in encoder.modules():
        if type(module).__name__ == "ResnetBlock2D":
            for parameter in (module.conv2.weight, module.conv2.bias):
                parameter.zero_()
            if module.conv_shortcut is not None:
                module.conv_shortcut.weight.zero_()
                module.conv_shortcut.bias.zero_()


def _first_levels(encoder: Any, basis: Basis) -> None:
    """Colours pass through; the first step gathers 2x2 pixels in 12 channels, the second projects 2x2 of those."""
    encoder.conv_in.weight.zero_()
    encoder.conv_in.bias.zero_()
    gather, reduce = (encoder.down_blocks[i].downsamplers[0].conv for i in (0, 1))
    for part in (gather.weight, gather.bias, reduce.weight, reduce.bias):
        part.zero_()
    matrix = torch.from_numpy(basis.matrix.reshape(PATCH, PATCH, 3, -1))
    for colour in range(3):
        encoder.conv_in.weight[colour, colour, 1, 1] = 1.0
        for y in range(2):
            for x in range(2):
                gathered = (y * 2 + x) * 3 + colour
                gather.weight[gathered, colour, y, x] = 1.0
                for v in range(2):
                    for u in range(2):
                        reduce.weight[: basis.channels, gathered, v, u] = matrix[2 * v + y, 2 * u + x, colour]
    reduce.bias[: basis.channels] = -torch.from_numpy(basis.mean @ basis.matrix)
    passing = encoder.down_blocks[1].resnets[0].conv_shortcut.weight
    for channel in range(12):
        passing[channel, channel, 0, 0] = 1.0


def _last_level(encoder: Any, channels: int) -> None:
    """Pairs and anchors before the norm, and the way out after it; the spread of the posterior is nil."""
    shortcut, norm, out = encoder.down_blocks[2].resnets[0].conv_shortcut, encoder.conv_norm_out, encoder.conv_out
    out.weight.zero_()
    out.bias.zero_()
    out.bias[channels:] = -30.0
    for channel in range(channels):
        group, place = divmod(channel, PER_GROUP)
        first = group * 8 + place * 2
        shortcut.weight[first, channel, 0, 0], shortcut.weight[first + 1, channel, 0, 0] = 1.0, -1.0
        out.weight[channel, first, 1, 1] = 1.0
        out.bias[channel] = -_LIFT
    for group in range(norm.num_groups):
        shortcut.bias[group * 8 + 6], shortcut.bias[group * 8 + 7] = _ANCHOR, -_ANCHOR
    norm.weight.fill_(_ANCHOR / 2)
    norm.bias.fill_(_LIFT)


@torch.no_grad()
def install(vae: AutoencoderKL, basis: Basis) -> None:
    """Sets the encoder of a three-level (.., 32+, 64) AutoencoderKL with groups of eight to the basis, and freezes it.

    Raises ValueError when the autoencoder has another shape.
    """
    widths = tuple(vae.config.block_out_channels)
    fits = len(widths) == 3 and widths[0] >= 12 and widths[1] >= basis.channels and widths[0] != widths[1] != widths[2]
    if not fits or widths[2] // vae.config.norm_num_groups != 8 or basis.channels > widths[2] // 8 * PER_GROUP:
        raise ValueError(f"an autoencoder of widths {widths} cannot hold {basis.channels} components: use (16, 32, 64)")
    # torch declares a module's children as either tensors or modules.
    encoder: Any = vae.encoder
    _identity_resnets(encoder)
    _first_levels(encoder, basis)
    _last_level(encoder, basis.channels)
    vae.quant_conv.weight.copy_(torch.eye(2 * basis.channels)[:, :, None, None])
    vae.quant_conv.bias.zero_()
    for module in (encoder, vae.quant_conv):
        module.requires_grad_(False)
