"""Trainings: a job in the queue, and the model that comes out of it."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from governance.model import Job
from serve_apps.ingress.schemas.common import Answer, Body, Stripped
from serve_apps.ingress.schemas.recipes import TrainingRecipe
from training.jobs import Param

Caption = Annotated[str, Stripped, StringConstraints(min_length=1, max_length=1000)]


class Preset(StrEnum):
    """How much work goes into a model."""

    FAST = "fast"
    BALANCED = "balanced"
    QUALITY = "quality"


class NewTraining(Body):
    """`captions`: what is to be seen in a photo, by photo id; where there is none the pool writes its own. `recipe`:
    single knobs of the preset, turned otherwise."""

    photos: list[str] = Field(min_length=1, max_length=100, examples=[["art_01a20baf9dd6707993b5dc044a7a3ac2"]])
    preset: Preset = Preset.BALANCED
    captions: Mapping[str, Caption] = Field(default_factory=dict, repr=False)
    seed: int | None = Field(default=None, ge=0, lt=2**31)
    recipe: TrainingRecipe = TrainingRecipe()

    def params(self) -> dict[str, Param]:
        """The knobs that were turned."""
        return self.recipe.params() | ({} if self.seed is None else {"seed": self.seed})

    @model_validator(mode="after")
    def _captions_belong_to_photos(self) -> "NewTraining":
        if len(set(self.photos)) != len(self.photos):
            raise ValueError("`photos` names a photo twice")
        if set(self.captions) - set(self.photos):
            raise ValueError("`captions` has an id that is not among `photos`")
        return self


class LossPoint(Answer):
    """The loss of one step."""

    step: int
    loss: float


class TrainingAnswer(Answer):
    """`model` is what `POST /v1/images/generations` takes once `state` is `succeeded`. `queue_position` counts those
    ahead while it is queued, `waits_for` says what for (its turn, the account's quota, a worker in its region or with
    enough memory) and `starts_at` and `ends_at` when, as far as that is known. Once it trains, `step` of `steps`,
    `seconds_left` and the `loss` tell how it goes. `recipe`
    has the knobs that were turned. `error` is a stable word for why it failed."""

    object: str = "training"
    id: str = Field(examples=["job_01a20baf9dd6707993b5dc044a7a3ac2"])
    state: str = Field(examples=["processing"])
    progress: float = Field(ge=0, le=1, examples=[0.42])
    queue_position: int | None
    waits_for: str | None = Field(examples=["turn"])
    starts_at: datetime | None
    ends_at: datetime | None
    step: int | None
    steps: int | None
    seconds_left: float | None
    loss: list[LossPoint]
    preset: str
    recipe: dict[str, Param] = Field(examples=[{"steps": 240, "rank": 8}])
    inputs: list[str]
    region: str
    model: str | None
    error: str | None
    created_at: datetime
    finished_at: datetime | None


def training_answer(job: Job) -> TrainingAnswer:
    forecast, pace = job.forecast, job.pace
    return TrainingAnswer(
        id=job.id,
        state=job.state,
        progress=job.progress,
        queue_position=job.position,
        waits_for=forecast.waits_for if forecast else None,
        starts_at=forecast.starts_at if forecast else None,
        ends_at=forecast.ends_at if forecast else None,
        step=pace.step if pace else None,
        steps=pace.steps if pace else None,
        seconds_left=pace.seconds_left if pace else None,
        loss=[LossPoint(step=step, loss=loss) for step, loss in pace.curve] if pace else [],
        preset=job.preset,
        recipe={name: value for name, value in job.params.items() if name != "seed"},
        inputs=list(job.inputs),
        region=job.region,
        model=job.result,
        error=job.code,
        created_at=job.created_at,
        finished_at=job.finished_at,
    )
