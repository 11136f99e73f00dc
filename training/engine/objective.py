"""The loss of many jobs' rows in one forward pass.

Shapes: R rows, latents RCHW, text RLD. Each row's loss depends on its own adapter alone, so the sum of all of them
has for each adapter exactly the gradient that its own rows give.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor

from training.engine.base import BaseModel, TextEmbedding
from training.engine.data import TrainingData
from training.engine.draws import Rows
from training.engine.names import Component
from training.engine.noise import NoiseSchedule
from training.engine.stack import AdapterStack


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """Neighbouring rows of one job. `adapted_text` runs its text encoders inside the step."""

    slot: int
    rows: Rows
    data: TrainingData
    adapted_text: bool


class Objective:
    """Runs the base model with a stack attached."""

    def __init__(
        self, base: BaseModel, stack: AdapterStack, schedule: NoiseSchedule, autocast: torch.dtype | None
    ) -> None:
        self._base, self._stack, self.schedule, self._autocast = base, stack, schedule, autocast

    def losses(self, segments: Sequence[Segment]) -> Tensor:
        """Each row's mean squared error times its coefficient, R, in single precision."""
        rows = [segment.rows for segment in segments]
        latents = torch.cat([r.latents for r in rows])
        noise = torch.cat([r.noise for r in rows])
        device = latents.device
        timesteps = torch.cat([r.timesteps for r in rows]).to(device)
        with self._precision():
            text = self._text(segments)
            self._stack.select(Component.UNET, [s.slot for s in segments for _ in range(len(s.rows))])
            answer = self._predict(self.schedule.noisy(latents, noise, timesteps), timesteps, text)
        errors = (answer.float() - self.schedule.target(latents, noise, timesteps).float()) ** 2
        if any(r.weights is not None for r in rows):
            errors = errors * torch.cat([_map_of(r) for r in rows])[:, None].to(device)
        coefficients = torch.cat([r.coefficients for r in rows]).to(device)
        gammas = torch.cat([r.gammas for r in rows]).to(device)
        return errors.flatten(1).mean(1) * coefficients * self.schedule.snr_weights(timesteps, gammas)

    def _precision(self) -> AbstractContextManager[object]:
        if self._autocast is None:
            return nullcontext()
        return torch.autocast(self._base.device.type, self._autocast)

    def _predict(self, noisy: Tensor, timesteps: Tensor, text: TextEmbedding) -> Tensor:
        dtype, added = self._base.dtype, None
        if text.pooled_bp is not None:
            side = [n * self._base.pixels_per_latent for n in noisy.shape[2:]]
            time_ids = torch.tensor([[*side, 0, 0, *side]], device=noisy.device, dtype=dtype).expand(len(noisy), -1)
            added = {"text_embeds": text.pooled_bp.to(dtype), "time_ids": time_ids}
        answer: Tensor = self._base.unet(
            noisy.to(dtype),
            timesteps,
            encoder_hidden_states=text.text_bld.to(dtype),
            added_cond_kwargs=added,
            return_dict=False,
        )[0]
        return answer

    def _text(self, segments: Sequence[Segment]) -> TextEmbedding:
        adapted = [segment for segment in segments if segment.adapted_text]
        fresh = iter(self._adapted_text(adapted) if adapted else ())
        parts = [next(fresh) if s.adapted_text else _cached(s) for s in segments]
        pooled = [part.pooled_bp for part in parts if part.pooled_bp is not None]
        text = torch.cat([part.text_bld for part in parts]) if len(parts) > 1 else parts[0].text_bld
        return TextEmbedding(text, torch.cat(pooled) if pooled else None)

    def _adapted_text(self, segments: Sequence[Segment]) -> list[TextEmbedding]:
        slots = [segment.slot for segment in segments for _ in range(len(segment.rows))]
        for component in (Component.TEXT_ENCODER, Component.TEXT_ENCODER_2):
            self._stack.select(component, slots)
        tokens = zip(*([t[s.rows.texts] for t in s.data.tokens] for s in segments), strict=True)
        found = self._base.embed([torch.cat(list(of_encoder)) for of_encoder in tokens])
        sizes = [len(segment.rows) for segment in segments]
        texts = torch.split(found.text_bld, sizes)
        if found.pooled_bp is None:
            return [TextEmbedding(text) for text in texts]
        return [TextEmbedding(*pair) for pair in zip(texts, torch.split(found.pooled_bp, sizes), strict=True)]


def _cached(segment: Segment) -> TextEmbedding:
    embedding = segment.data.embedding
    chosen = segment.rows.texts.to(embedding.text_bld.device)
    pooled = embedding.pooled_bp
    return TextEmbedding(embedding.text_bld[chosen], None if pooled is None else pooled[chosen])


def _map_of(rows: Rows) -> Tensor:
    if rows.weights is not None:
        return rows.weights
    return torch.ones(len(rows), *rows.latents.shape[2:], device=rows.latents.device)
