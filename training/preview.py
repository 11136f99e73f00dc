"""A small sampler to look at an adapter in the making: DDIM over the trainer's own stacked layers.

Serving has a better one; training may not import it, and needs only a few pictures. One step at a time, so that
pack-mates take their training steps in between.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

import torch
from diffusers import DDIMScheduler
from torch import Tensor

from training.album import Pixels
from training.engine.base import BaseModel, TextEmbedding

Adapted = Callable[[], AbstractContextManager[None]]
"""Enters the adapter for one call of the base model."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to picture. `side` in pixels, `guidance` 1 means none."""

    prompts: Sequence[str]
    side: int
    steps: int
    guidance: float
    seed: int


class Preview:
    """Pictures by one adapter; `steps` denoises, `pixels` decodes."""

    def __init__(self, base: BaseModel, adapted: Adapted, wanted: Wanted) -> None:
        self._base, self._adapted, self._wanted = base, adapted, wanted
        self._scheduler = DDIMScheduler.from_config(
            base.scheduler_config, timestep_spacing="trailing", clip_sample=False, set_alpha_to_one=True
        )
        self._scheduler.set_timesteps(wanted.steps, device=base.device)
        self._latents_bchw = self._noise()
        self._text: TextEmbedding | None = None

    def _noise(self) -> Tensor:
        count, cells = len(self._wanted.prompts), self._wanted.side // self._base.pixels_per_latent
        generator = torch.Generator().manual_seed(self._wanted.seed)
        shape = (count, int(self._base.unet.config.in_channels), cells, cells)
        noise = torch.randn(shape, generator=generator)
        return noise.to(self._base.device) * float(self._scheduler.init_noise_sigma)

    def steps(self) -> Iterator[None]:
        """One denoising step for each item. The adapter is entered anew in each: the pack may have changed."""
        for timestep in self._scheduler.timesteps:
            # A frame of this generator must not stay inside the adapter while others use the base model.
            with torch.no_grad(), self._adapted():
                predicted = self._predict(timestep)
            self._latents_bchw = self._scheduler.step(predicted, timestep, self._latents_bchw).prev_sample
            yield

    def pixels(self) -> Pixels:
        """The pictures as they are now, uint8 [prompts, height, width, 3]; what made them is zeroed."""
        pictures = self._base.decode_latents(self._latents_bchw)
        self.wipe()
        return pictures

    def wipe(self) -> None:
        """Overwrite latents and embeddings."""
        self._latents_bchw.zero_()
        if self._text is not None:
            self._text.text_bld.zero_()
            if self._text.pooled_bp is not None:
                self._text.pooled_bp.zero_()

    def _predict(self, timestep: Tensor) -> Tensor:
        wanted = self._wanted
        guided = wanted.guidance > 1
        if self._text is None:
            texts = ([""] * len(wanted.prompts) if guided else []) + list(wanted.prompts)
            self._text = self._base.encode_text(texts)
        latents = torch.cat([self._latents_bchw] * 2) if guided else self._latents_bchw
        latents = self._scheduler.scale_model_input(latents, timestep).to(self._base.dtype)
        text = self._text
        predicted: Tensor = self._base.unet(
            latents,
            timestep,
            encoder_hidden_states=text.text_bld.to(self._base.dtype),
            added_cond_kwargs=self._sizes(text, len(latents)),
        ).sample.float()
        if not guided:
            return predicted
        plain, meant = predicted.chunk(2)
        return plain + wanted.guidance * (meant - plain)

    def _sizes(self, text: TextEmbedding, rows: int) -> dict[str, Tensor] | None:
        if text.pooled_bp is None:
            return None
        side = float(self._wanted.side)
        sizes = torch.tensor([[side, side, 0.0, 0.0, side, side]], dtype=self._base.dtype, device=self._base.device)
        return {"text_embeds": text.pooled_bp.to(self._base.dtype), "time_ids": sizes.repeat(rows, 1)}
