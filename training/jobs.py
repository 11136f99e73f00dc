"""The nouns of a training job: its recipe (every knob), and how the flat parameters of a request become one.

A request names a preset and overrides single knobs; parameters are numbers and enum names only, never texts.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from training.errors import InvalidJob

Param = int | float | str | bool


class Schedule(StrEnum):
    """How the learning rate moves after its warm-up."""

    CONSTANT = "constant"
    COSINE = "cosine"
    LATE_COSINE = "late_cosine"
    LINEAR = "linear"


class Targets(StrEnum):
    """Which layers are adapted: attention alone, with the feed-forward layers, or also convolutions and time."""

    ATTENTION = "attention"
    ATTENTION_FF = "attention_ff"
    ALL = "all"


class Recipe(BaseModel):
    """How one person is learned. Sizes in pixels, learning rate per step; `batch` is this job's share of a step.

    `alpha` 0 means equal to the rank; `min_snr_gamma` 0 and `prior_weight` 0 switch these off; `text_encoder` adapts
    the text encoder as well; `preview_steps` 0 makes previews only at the end; `min_identity` is the score under which
    the job fails.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    steps: int = Field(default=300, ge=1, le=20_000)
    rank: int = Field(default=16, ge=1, le=128)
    alpha: float = Field(default=0.0, ge=0, le=1024)
    learning_rate: float = Field(default=1e-3, gt=0, le=0.1)
    schedule: Schedule = Schedule.LATE_COSINE
    warmup_steps: int = Field(default=0, ge=0, le=5_000)
    batch: int = Field(default=8, ge=1, le=64)
    seed: int = Field(default=0, ge=0, lt=2**63)
    resolution: int = Field(default=0, ge=0, le=2048, multiple_of=8)
    targets: Targets = Targets.ALL
    text_encoder: bool = True
    max_grad_norm: float = Field(default=1.0, ge=0, le=1000)
    weight_decay: float = Field(default=0.01, ge=0, le=1)
    min_snr_gamma: float = Field(default=0.0, ge=0, le=100)
    prior_weight: float = Field(default=0.0, ge=0, le=10)
    caption_dropout: float = Field(default=0.0, ge=0, le=0.9)
    flip: bool = False
    preview_steps: int = Field(default=0, ge=0, le=20_000)
    min_identity: float = Field(default=-1.0, ge=-1, le=1)

    def with_params(self, params: Mapping[str, Param]) -> Self:
        """This recipe with single knobs replaced; `InvalidJob` names the first knob that does not fit."""
        try:
            return type(self).model_validate({**self.model_dump(), **params})
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            name = ".".join(str(part) for part in first["loc"]) or "params"
            raise InvalidJob(f"{name}: {first['msg']}") from None

    def overrides(self, base: "Recipe") -> dict[str, Param]:
        """The flat parameters that turn `base` into this."""
        mine, theirs = self.model_dump(mode="json"), base.model_dump(mode="json")
        return {name: value for name, value in mine.items() if value != theirs[name]}


class Cost(BaseModel):
    """What a recipe costs on the pool's devices, by measurement: `seconds_per_sample` of a packed training step,
    `fixed_s` for encoding, scoring and sealing, `mb_per_sample` of activations and `mb_per_rank` of adapter state."""

    model_config = ConfigDict(frozen=True)

    seconds_per_sample: float = Field(default=0.022, gt=0)
    fixed_s: float = Field(default=3.0, ge=0)
    mb_per_sample: float = Field(default=40.0, ge=0)
    mb_per_rank: float = Field(default=1.5, ge=0)

    def gpu_seconds(self, recipe: Recipe) -> float:
        return self.fixed_s + recipe.steps * recipe.batch * self.seconds_per_sample

    def memory_mb(self, recipe: Recipe) -> int:
        return round(recipe.batch * self.mb_per_sample + recipe.rank * self.mb_per_rank)
