"""The jobs that every way of training gets: random photos with captions, settings, and how they are timed."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch

from benchmarks.generation.bases import Subject, load
from training.engine.base import BaseModel
from training.engine.data import TrainingData, encode
from training.engine.packed import PackConfig, PackedTrainer
from training.engine.spec import TrainingSpec
from training.engine.targets import TargetSet

PHOTOS = 4


@dataclass(frozen=True, slots=True)
class Workload:
    """What is trained: so many jobs of batch 1 on one base model."""

    subject: Subject
    jobs: int
    side: int
    targets: TargetSet
    text_encoder: bool
    rank: int
    autocast: torch.dtype | None

    @classmethod
    def of(cls, model: str, device: str, dtype: torch.dtype, jobs: int, rank: int, side: int = 0) -> Workload:
        """The usual adapter of each model: everything and the text encoder for the demo, attention for the others."""
        subject = load(model, device, dtype, rank)
        demo = model == "demo"
        targets = TargetSet.ALL if demo else TargetSet.ATTENTION
        return cls(subject, jobs, side or subject.side, targets, demo, rank, None)

    def spec(self, number: int, batch: int = 1) -> TrainingSpec:
        return TrainingSpec(
            steps=10_000,
            rank=self.rank,
            learning_rate=1e-4,
            batch=batch,
            seed=number,
            targets=self.targets,
            text_encoder=self.text_encoder,
        )

    def data(self, base: BaseModel, number: int) -> TrainingData:
        chance = np.random.default_rng(number)
        pixels = chance.integers(0, 256, (PHOTOS, self.side, self.side, 3), dtype=np.uint8)
        return encode(base, self.spec(number), pixels, [f"photo {i} of job {number}" for i in range(PHOTOS)])

    def trainer(self, slots: int, base: BaseModel | None = None) -> PackedTrainer:
        """A trainer over a copy of the base, or over the one that is given."""
        config = PackConfig(slots, self.rank, self.targets, self.text_encoder, autocast=self.autocast)
        return PackedTrainer(base or self.subject.copy(), config)

    def pack(
        self, jobs: int | None = None, batch: int = 1, first: int = 0, base: BaseModel | None = None
    ) -> PackedTrainer:
        """A trainer with this many jobs in it."""
        count = jobs or self.jobs
        trainer = self.trainer(count, base)
        for number in range(first, first + count):
            trainer.join(str(number), self.spec(number, batch), self.data(trainer.base, number))
        return trainer

    def wait(self) -> None:
        if self.subject.base.device.type == "cuda":
            torch.cuda.synchronize()

    def time(self, run: Callable[[], object]) -> float:
        """Seconds of one call."""
        self.wait()
        begin = time.perf_counter()
        run()
        self.wait()
        return time.perf_counter() - begin

    def compare(self, ways: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
        """Median seconds of each way. They take turns, so that a busy machine is busy for all of them."""
        for way in ways.values():
            way()
        taken: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(rounds):
            for name, way in ways.items():
                taken[name].append(self.time(way))
        return {name: statistics.median(seconds) for name, seconds in taken.items()}
