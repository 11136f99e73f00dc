"""`Pack` over the engine's packed trainer: recipes become its settings, its errors ours."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext

import numpy as np
import torch

from governance.ids import JobId
from training.album import Pixels
from training.config import TrainingSettings
from training.engine import errors
from training.engine.base import BaseModel
from training.engine.data import TrainingData, encode
from training.engine.packed import PackConfig, PackedTrainer
from training.engine.sharding import Shard
from training.engine.spec import Schedule, TrainingSpec
from training.engine.targets import TargetSet
from training.errors import TooLarge
from training.jobs import Recipe
from training.pack import OutOfMemory, Prior, Stepped
from training.preview import Preview, Wanted


def spec_of(recipe: Recipe) -> TrainingSpec:
    """The engine's settings of a recipe whose resolution and seed are known."""
    return TrainingSpec(
        steps=recipe.steps,
        rank=recipe.rank,
        alpha=recipe.alpha,
        learning_rate=recipe.learning_rate,
        schedule=Schedule(recipe.schedule),
        warmup_steps=recipe.warmup_steps,
        batch=recipe.batch,
        seed=recipe.seed,
        targets=TargetSet(recipe.targets),
        text_encoder=recipe.text_encoder,
        max_grad_norm=recipe.max_grad_norm,
        weight_decay=recipe.weight_decay,
        min_snr_gamma=recipe.min_snr_gamma,
        prior_weight=recipe.prior_weight,
        caption_dropout=recipe.caption_dropout,
        flip=recipe.flip,
    )


def pack_config(settings: TrainingSettings) -> PackConfig:
    """The engine's pack as the worker's settings have it."""
    worker, base = settings.worker, settings.base
    return PackConfig(
        slots=worker.slots,
        rank=worker.max_rank,
        targets=TargetSet(worker.targets),
        text_encoder=worker.text_encoder,
        max_rows=worker.max_rows,
        autocast=getattr(torch, base.autocast) if base.autocast else None,
        gradient_checkpointing=worker.gradient_checkpointing,
    )


class EnginePack:
    """See `training.pack.Pack`."""

    def __init__(self, base: BaseModel, settings: TrainingSettings, shard: Shard | None = None) -> None:
        self._base, self._settings = base, settings
        self.trainer = PackedTrainer(base, pack_config(settings), shard)
        self._priors: dict[int, Prior] = {}
        self._sides: dict[JobId, int] = {}
        self._previews: dict[JobId, Preview] = {}

    @property
    def side(self) -> int:
        return self._base.side

    def join(
        self,
        id: JobId,
        recipe: Recipe,
        pixels: Pixels,
        captions: Sequence[str],
        state: bytearray | None = None,
        prior: Prior | None = None,
    ) -> int:
        spec = spec_of(recipe)
        try:
            others = (prior or self._people(recipe.resolution)) if recipe.prior_weight else None
            pictured = (others.pixels, others.captions) if others else (None, ())
            data = encode(self._base, spec, pixels, captions, *pictured)
            step = self._admit(id, spec, data, state)
        except (errors.OutOfMemory, errors.RankTooLarge, torch.OutOfMemoryError):
            raise TooLarge() from None
        self._sides[id] = recipe.resolution
        return step

    def _people(self, side: int) -> Prior:
        """What the base model takes for a person: made once for each picture size, of nobody."""
        if side not in self._priors:
            known = self._settings
            prompts = [known.base.class_prompt] * known.base.class_pictures
            wanted = Wanted(prompts, side, known.preview.steps, known.preview.guidance, seed=side)
            preview = Preview(self._base, nullcontext, wanted)
            for _ in preview.steps():
                pass
            self._priors[side] = Prior(preview.pixels(), prompts)
        return self._priors[side]

    def _admit(self, id: JobId, spec: TrainingSpec, data: TrainingData, state: bytearray | None) -> int:
        try:
            return self.trainer.join(id, spec, data, state)
        except errors.CheckpointMismatch:
            # Sealed by another version or base model: better begun again than not trained.
            return self.trainer.join(id, spec, data)

    def step(self) -> Mapping[JobId, Stepped]:
        try:
            reports = self.trainer.step()
        except errors.OutOfMemory:
            raise OutOfMemory() from None
        return {
            JobId(id): Stepped(report.step, report.loss, report.done, finite=report.failed is None)
            for id, report in reports.items()
        }

    def leave(self, id: JobId) -> None:
        preview = self._previews.pop(id, None)
        if preview is not None:
            preview.wipe()
        self._sides.pop(id, None)
        self.trainer.leave(id)

    def export(self, id: JobId) -> bytearray:
        return self.trainer.export(id)

    def checkpoint(self, id: JobId) -> bytearray:
        return self.trainer.checkpoint(id)

    def sample(self, id: JobId, prompts: Sequence[str], steps: int, guidance: float, seed: int) -> Iterator[None]:
        if id not in self.trainer:
            return
        wanted = Wanted(prompts, self._sides[id], steps, guidance, seed)
        preview = self._previews[id] = Preview(self._base, lambda: self.trainer.serving(id), wanted)
        for step in preview.steps():
            yield step
            if id not in self.trainer:
                return

    def take_pictures(self, id: JobId) -> Pixels:
        preview = self._previews.pop(id, None)
        return np.zeros((0, self.side, self.side, 3), np.uint8) if preview is None else preview.pixels()


@contextmanager
def packed(base: BaseModel, settings: TrainingSettings, shard: Shard | None = None) -> Iterator[EnginePack]:
    """A pack that leaves the base model as it was."""
    pack = EnginePack(base, settings, shard)
    try:
        yield pack
    finally:
        pack.trainer.close()
