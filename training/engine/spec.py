"""One job's settings: every knob of learning one person."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from enum import StrEnum

from training.engine.errors import InvalidTraining
from training.engine.targets import TargetSet


class Schedule(StrEnum):
    """How the learning rate moves after its warm-up; `late_cosine` stays and falls in the second half."""

    CONSTANT = "constant"
    COSINE = "cosine"
    LATE_COSINE = "late_cosine"
    LINEAR = "linear"


@dataclass(frozen=True, slots=True)
class TrainingSpec:
    """`batch` pictures of this job take part in every step; with a `prior_weight`, as many regularisation pictures.

    `alpha` 0 means equal to the rank; `text_learning_rate` 0 means the same as `learning_rate`; `max_grad_norm`,
    `min_snr_gamma` and `prior_weight` 0 switch these off. `caption_dropout` is the share of captions left empty.
    """

    steps: int = 300
    rank: int = 16
    alpha: float = 0.0
    learning_rate: float = 1e-3
    text_learning_rate: float = 0.0
    schedule: Schedule = Schedule.LATE_COSINE
    warmup_steps: int = 0
    batch: int = 1
    seed: int = 0
    targets: TargetSet = TargetSet.ALL
    text_encoder: bool = False
    max_grad_norm: float = 1.0
    weight_decay: float = 0.01
    betas: tuple[float, float] = (0.9, 0.999)
    epsilon: float = 1e-8
    min_snr_gamma: float = 0.0
    prior_weight: float = 0.0
    caption_dropout: float = 0.0
    flip: bool = False

    def __post_init__(self) -> None:
        for name in ("steps", "rank", "batch", "learning_rate"):
            if not getattr(self, name) > 0:
                raise InvalidTraining(f"{name} must be greater than 0, not {getattr(self, name)}")
        for name in ("alpha", "max_grad_norm", "weight_decay", "min_snr_gamma", "prior_weight", "warmup_steps"):
            if not getattr(self, name) >= 0:
                raise InvalidTraining(f"{name} must not be negative")
        if not 0 <= self.caption_dropout < 1:
            raise InvalidTraining("caption_dropout is a share from 0 up to, but not, 1")

    @property
    def scale(self) -> float:
        """What B·A is multiplied with: alpha over rank."""
        return (self.alpha or self.rank) / self.rank

    def rate(self, step: int) -> float:
        """The share of the learning rate for the update after `step` steps."""
        if step < self.warmup_steps:
            return (step + 1) / self.warmup_steps
        done = (step - self.warmup_steps) / max(1, self.steps - self.warmup_steps)
        match self.schedule:
            case Schedule.CONSTANT:
                return 1.0
            case Schedule.LINEAR:
                return 1.0 - done
            case Schedule.COSINE:
                return _falling(done)
            case Schedule.LATE_COSINE:
                return _falling(max(0.0, 2.0 * done - 1.0))

    def fingerprint(self) -> str:
        """The same text for the same settings."""
        return json.dumps(asdict(self), sort_keys=True)


def _falling(share: float) -> float:
    return 0.5 * (1.0 + math.cos(math.pi * min(1.0, share)))
