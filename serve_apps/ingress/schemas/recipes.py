"""The knobs of a training that a request may turn; what it leaves alone is as its preset has it."""

from pydantic import Field

from serve_apps.ingress.schemas.common import Body
from training.jobs import Param, Schedule, Targets


class TrainingRecipe(Body):
    """`alpha` 0 means equal to the rank; `batch` photos take part in every step; `targets`: which layers are adapted;
    `text_encoder` adapts the text encoder as well; `preview_steps`: pictures are made on the way every so many steps, 0
    only at the end; `min_identity`: the likeness under which the training fails, from -1 to 1. `max_grad_norm`,
    `min_snr_gamma` and `prior_weight` 0 switch these off. The service may draw narrower limits and names them."""

    steps: int | None = Field(default=None, ge=1, le=20_000, examples=[240])
    rank: int | None = Field(default=None, ge=1, le=128, examples=[8])
    alpha: float | None = Field(default=None, ge=0, le=1024, examples=[0.0])
    learning_rate: float | None = Field(default=None, gt=0, le=0.1, examples=[0.0005])
    schedule: Schedule | None = Field(default=None, examples=["cosine"])
    warmup_steps: int | None = Field(default=None, ge=0, le=5_000, examples=[10])
    batch: int | None = Field(default=None, ge=1, le=64, examples=[4])
    resolution: int | None = Field(default=None, ge=0, le=2048, multiple_of=8, examples=[0])
    targets: Targets | None = Field(default=None, examples=["attention"])
    text_encoder: bool | None = Field(default=None, examples=[False])
    max_grad_norm: float | None = Field(default=None, ge=0, le=1000, examples=[1.0])
    weight_decay: float | None = Field(default=None, ge=0, le=1, examples=[0.01])
    min_snr_gamma: float | None = Field(default=None, ge=0, le=100, examples=[5.0])
    prior_weight: float | None = Field(default=None, ge=0, le=10, examples=[0.0])
    caption_dropout: float | None = Field(default=None, ge=0, le=0.9, examples=[0.1])
    flip: bool | None = Field(default=None, examples=[True])
    preview_steps: int | None = Field(default=None, ge=0, le=20_000, examples=[60])
    min_identity: float | None = Field(default=None, ge=-1, le=1, examples=[-1.0])

    def params(self) -> dict[str, Param]:
        """The knobs that were turned, as a job keeps them."""
        return self.model_dump(mode="json", exclude_none=True)
