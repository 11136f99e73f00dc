"""One frozen base model: diffusers' parts, loaded once and shared by training and serving.

Shapes: images B3HW from -1 to 1, latents BCHW, tokens BL, text BLD, pooled BP, time ids B6.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import DiffusionPipeline, StableDiffusionPipeline, StableDiffusionXLPipeline
from numpy.typing import NDArray
from torch import Tensor, nn

from training.engine.errors import EngineError
from training.engine.names import Component, NameBook

Pixels = NDArray[np.uint8]
_PIPELINES = {
    "StableDiffusionPipeline": StableDiffusionPipeline,
    "StableDiffusionXLPipeline": StableDiffusionXLPipeline,
}


@dataclass(frozen=True, slots=True)
class TextEmbedding:
    """What the UNet attends to: `text_bld`, and for SDXL-like bases `pooled_bp`."""

    text_bld: Tensor = field(repr=False)
    pooled_bp: Tensor | None = field(default=None, repr=False)


@dataclass
class BaseModel:
    """UNet, VAE, text encoders with their tokenizers, and the noise schedule they were trained with."""

    unet: Any
    vae: Any
    text_encoders: list[Any]
    tokenizers: list[Any]
    scheduler_config: dict[str, Any]

    def __post_init__(self) -> None:
        for module in (self.unet, self.vae, *self.text_encoders):
            module.eval().requires_grad_(False)

    @classmethod
    def load(
        cls, source: str | Path, device: str | torch.device = "cpu", dtype: torch.dtype = torch.float32
    ) -> BaseModel:
        """The Stable Diffusion (1.x, 2.x, XL) base in a diffusers folder or under a hub id.

        `EngineError` when it is of another kind.
        """
        kind = DiffusionPipeline.load_config(str(source)).get("_class_name")
        if kind not in _PIPELINES:
            raise EngineError(f"{source}: a {kind} cannot be trained here; use one of {', '.join(_PIPELINES)}")
        without = {} if kind.endswith("XLPipeline") else {"safety_checker": None, "requires_safety_checker": False}
        pipeline = _PIPELINES[kind].from_pretrained(str(source), dtype=dtype, **without)
        return cls.of_pipeline(pipeline).to(device)

    @classmethod
    def of_pipeline(cls, pipeline: Any) -> BaseModel:
        """The parts of a diffusers pipeline, which must not be used for anything else from now on."""
        encoders = [pipeline.text_encoder, getattr(pipeline, "text_encoder_2", None)]
        tokenizers = [pipeline.tokenizer, getattr(pipeline, "tokenizer_2", None)]
        return cls(
            pipeline.unet,
            pipeline.vae,
            [encoder for encoder in encoders if encoder is not None],
            [tokenizer for tokenizer in tokenizers if tokenizer is not None],
            dict(pipeline.scheduler.config),
        )

    def to(self, device: str | torch.device) -> BaseModel:
        """Move every part to a device."""
        for module in (self.unet, self.vae, *self.text_encoders):
            module.to(device)
        return self

    @property
    def modules(self) -> dict[str, nn.Module]:
        """The adaptable parts under the names that adapter files use."""
        encoders = zip((Component.TEXT_ENCODER, Component.TEXT_ENCODER_2), self.text_encoders, strict=False)
        return {str(Component.UNET): self.unet, **{str(name): encoder for name, encoder in encoders}}

    @cached_property
    def names(self) -> NameBook:
        """Every name adapter files may use for this base; made before anything is attached or after, all the same."""
        return NameBook(self.modules)

    @property
    def device(self) -> torch.device:
        return torch.device(self.unet.device)

    @property
    def dtype(self) -> torch.dtype:
        dtype: torch.dtype = self.unet.dtype
        return dtype

    @property
    def is_xl(self) -> bool:
        """Two text encoders, a pooled embedding and sizes beside the timestep, as SDXL has them."""
        return len(self.text_encoders) > 1

    @property
    def prediction(self) -> str:
        """What the UNet predicts: "epsilon" or "v_prediction"."""
        return str(self.scheduler_config.get("prediction_type", "epsilon"))

    @property
    def pixels_per_latent(self) -> int:
        """How many picture pixels one latent cell stands for, along each side."""
        return int(2 ** (len(self.vae.config.block_out_channels) - 1))

    @property
    def side(self) -> int:
        """The base's own picture size in pixels."""
        return int(self.unet.config.sample_size) * self.pixels_per_latent

    def tokenize(self, texts: Sequence[str]) -> list[Tensor]:
        """Token ids BL for each text encoder, padded and cut to its length."""
        return [
            tokenizer(
                list(texts),
                padding="max_length",
                max_length=tokenizer.model_max_length,
                truncation=True,
                return_tensors="pt",
            ).input_ids
            for tokenizer in self.tokenizers
        ]

    def embed(self, tokens: Sequence[Tensor]) -> TextEmbedding:
        """Text embeddings of token ids; gradients flow when the encoders are adapted and enabled."""
        ids = [tokens_bl.to(self.device) for tokens_bl in tokens]
        if not self.is_xl:
            return TextEmbedding(self.text_encoders[0](ids[0])[0])
        outputs = [
            encoder(ids_bl, output_hidden_states=True) for encoder, ids_bl in zip(self.text_encoders, ids, strict=True)
        ]
        return TextEmbedding(torch.cat([out.hidden_states[-2] for out in outputs], dim=-1), outputs[-1][0])

    @torch.no_grad()
    def encode_text(self, texts: Sequence[str]) -> TextEmbedding:
        """Embeddings of texts by the base model alone."""
        return self.embed(self.tokenize(texts))

    @torch.no_grad()
    def encode_images(self, pixels: Pixels, batch: int = 8) -> tuple[Tensor, Tensor]:
        """Mean and deviation (BCHW each, scaled as the UNet wants them) of the latents of uint8 pixels BHW3.

        Training draws from them anew at every step, as the VAE would. `EngineError` when a side does not fit.
        """
        if pixels.shape[1] % self.pixels_per_latent or pixels.shape[2] % self.pixels_per_latent:
            raise EngineError(f"both sides of a picture must be multiples of {self.pixels_per_latent} pixels")
        found = [self._encode(pixels[i : i + batch]) for i in range(0, len(pixels), batch)]
        return torch.cat([mean for mean, _ in found]), torch.cat([deviation for _, deviation in found])

    def _encode(self, pixels: Pixels) -> tuple[Tensor, Tensor]:
        images = torch.from_numpy(np.ascontiguousarray(pixels)).permute(0, 3, 1, 2).float().div_(127.5).sub_(1.0)
        found = self.vae.encode(images.to(self.vae.device, self.vae.dtype)).latent_dist
        centre, spread = self._latent_norm(found.mean)
        return (found.mean.float() - centre) / spread, found.std.float() / spread

    def _latent_norm(self, latents: Tensor) -> tuple[Tensor, Tensor]:
        """What the VAE's latents are shifted by and divided by before the UNet sees them, B-C-1-1."""
        config = self.vae.config
        centre = latents.new_tensor(config.get("latents_mean") or 0.0).float().view(1, -1, 1, 1)
        spread = latents.new_tensor(config.get("latents_std") or 1.0).float().view(1, -1, 1, 1)
        return centre, spread / config.scaling_factor

    @torch.no_grad()
    def decode_latents(self, latents_bchw: Tensor) -> Pixels:
        """Pictures uint8 BHW3 of latents as the UNet has them."""
        centre, spread = self._latent_norm(latents_bchw)
        images = self.vae.decode(
            (latents_bchw * spread + centre).to(self.vae.device, self.vae.dtype), return_dict=False
        )[0].float()
        pixels = (images / 2 + 0.5).clamp(0, 1).mul(255).round().permute(0, 2, 3, 1)
        return np.asarray(pixels.to("cpu", torch.uint8).numpy())
