"""How many nodes a service needs, and what they cost: arithmetic over measured figures, without a cluster.

The busiest hour decides how many devices there are; the day's work decides what they cost, since idle nodes end.
Serving and training share devices, so the peak of the sum counts and not the sum of the peaks.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

HOURS = 24
# Share of a day's requests in each hour. People make pictures in the evening and upload photos from noon on.
PICTURES_BY_HOUR = (
    2.2, 1.6, 1.2, 1.0, 1.0, 1.2, 1.8, 2.6, 3.2, 3.6, 3.9, 4.2, 4.5, 4.6, 4.7, 4.9, 5.3, 5.9, 6.6, 7.4, 8.0, 7.8, 6.9,
    5.9,
)  # fmt: skip
TRAININGS_BY_HOUR = (
    2.0, 1.4, 1.1, 1.0, 1.0, 1.4, 2.2, 3.4, 4.8, 6.0, 6.6, 7.0, 7.2, 6.8, 6.2, 5.6, 5.2, 5.0, 4.9, 4.9, 4.8, 4.4, 3.8,
    3.3,
)  # fmt: skip


class Figures(BaseModel):
    """What one device does, measured by `make bench` on it. `picture_s`, `training_s`: device seconds of one picture
    and one training when the batch and the pack are full, `photo_s` of taking in one photo of a training. `start_s`:
    from demand to first useful step on a new node."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    device: str
    picture_s: float = Field(gt=0)
    training_s: float = Field(gt=0)
    photo_s: float = Field(default=0.0, ge=0)
    start_s: float = Field(default=120.0, ge=0)
    measured: bool = True
    source: str


class Prices(BaseModel):
    """Per node and hour, in the currency you think in. `spot_share` of training runs on spot nodes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    on_demand: float = Field(gt=0)
    spot: float = Field(gt=0)
    spot_share: float = Field(default=0.8, ge=0, le=1)
    control: float = Field(default=0.0, ge=0)


class Load(BaseModel):
    """One day. `trainings` and `pictures` per user and day, `photos` per training."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    users: int = Field(ge=1)
    pictures: float = Field(ge=0)
    trainings: float = Field(ge=0)
    photos: float = Field(default=10.0, ge=0)


class Answer(BaseModel):
    """`devices_by_hour` at the utilisation that leaves queues short; `peak` the most of them, `nodes` what node types
    must allow. Costs are a day's, `cost_per_picture` and `cost_per_training` by device seconds."""

    model_config = ConfigDict(frozen=True)

    devices_by_hour: tuple[float, ...]
    peak: int
    dedicated_peak: int
    nodes: int
    device_hours: float
    cost_per_day: float
    dedicated_cost_per_day: float
    cost_per_picture: float
    cost_per_training: float
    figures: Figures


@dataclass(frozen=True, slots=True)
class _Hour:
    serving: float
    training: float


def answer(load: Load, figures: Figures, prices: Prices, utilisation: float = 0.9, spare: int = 1) -> Answer:
    """`utilisation`: the share of its time that a device is to work; `spare`: nodes above the peak, for losses."""
    hours = _hours(load, figures, utilisation)
    sums = [hour.serving + hour.training for hour in hours]
    peak = math.ceil(max(sums))
    dedicated = math.ceil(max(hour.serving for hour in hours)) + math.ceil(max(hour.training for hour in hours))
    spot = prices.spot_share * prices.spot + (1 - prices.spot_share) * prices.on_demand
    serving_cost = sum(hour.serving for hour in hours) * prices.on_demand
    training_cost = sum(hour.training for hour in hours) * spot
    control = prices.control * HOURS
    return Answer(
        devices_by_hour=tuple(round(each, 3) for each in sums),
        peak=peak,
        dedicated_peak=dedicated,
        nodes=peak + spare,
        device_hours=round(sum(sums), 3),
        cost_per_day=round(serving_cost + training_cost + control, 2),
        dedicated_cost_per_day=round(dedicated * HOURS * prices.on_demand + control, 2),
        cost_per_picture=_each(serving_cost, load.users * load.pictures),
        cost_per_training=_each(training_cost, load.users * load.trainings),
        figures=figures,
    )


def _hours(load: Load, figures: Figures, utilisation: float) -> Sequence[_Hour]:
    pictures, trainings = sum(PICTURES_BY_HOUR), sum(TRAININGS_BY_HOUR)
    second = 3600 * utilisation
    training_s = figures.training_s + load.photos * figures.photo_s
    return [
        _Hour(
            load.users * load.pictures * picture / pictures * figures.picture_s / second,
            load.users * load.trainings * training / trainings * training_s / second,
        )
        for picture, training in zip(PICTURES_BY_HOUR, TRAININGS_BY_HOUR, strict=True)
    ]


def _each(cost: float, count: float) -> float:
    return round(cost / count, 6) if count else 0.0
