"""What is simulated: devices, work, a day of arrivals."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cluster.planning.plan import PICTURES_BY_HOUR, TRAININGS_BY_HOUR
from governance.ids import JobId, SubjectId
from training.simulation import Arrival

DAY_S = 86_400
HOUR_S = 3600
_BURST_S = 10.0


@dataclass(frozen=True, slots=True)
class World:
    """`devices` at most. One training takes `training_s` device seconds alone and a full pack of `slots` is `gain`
    times as fast; a replica runs `steps_per_s` denoising steps, and a request is with it for `request_s`. A node starts
    in `start_s` and ends after `idle_s` without work; a replica takes `replica_s` to start on a node that is there,
    the sealing of trainings included, a training group `group_s`, and a training that was given back `resume_s`.
    `jobs` and `steps` of `accounts` in a day. Who gets what is decided every `tick_s`, like the steward's looks."""

    devices: int = 1000
    slots: int = 8
    gain: float = 4.0
    training_s: float = 3600.0
    steps_per_s: float = 100.0
    start_s: float = 90.0
    idle_s: float = 180.0
    request_s: float = 10.0
    replica_s: float = 20.0
    group_s: float = 15.0
    resume_s: float = 15.0
    accounts: int = 4000
    jobs: int = 20_000
    steps: float = 3.0e9
    tick_s: float = 2.0
    seed: int = 1


def trainings(world: World) -> list[Arrival]:
    """Few accounts send most jobs (Zipf), lengths are log-normal, times follow the day."""
    rng = random.Random(world.seed)
    owners = [SubjectId(f"sub_{number:032x}") for number in range(world.accounts)]
    weights = [1 / (number + 1) ** 0.8 for number in range(world.accounts)]
    chosen = rng.choices(owners, weights, k=world.jobs)
    hours = rng.choices(range(24), TRAININGS_BY_HOUR, k=world.jobs)
    return sorted(
        (
            Arrival(
                JobId(f"job_{number:032x}"),
                owner,
                (hour + rng.random()) * HOUR_S,
                world.training_s * rng.lognormvariate(-0.125, 0.5),
            )
            for number, (owner, hour) in enumerate(zip(chosen, hours, strict=True))
        ),
        key=lambda job: (job.at, job.id),
    )


def picture_steps(world: World) -> Sequence[float]:
    """Denoising steps that arrive in each tick: the day's shape, with bursts."""
    rng = random.Random(world.seed + 1)
    ticks = int(DAY_S / world.tick_s)
    shape = [_between_hours(PICTURES_BY_HOUR, tick * world.tick_s / HOUR_S) for tick in range(ticks)]
    whole, bursts = sum(shape), list(_bursts(rng))
    return [world.steps * each / whole * bursts[int(tick * world.tick_s / _BURST_S)] for tick, each in enumerate(shape)]


def _between_hours(by_hour: Sequence[float], hour: float) -> float:
    first = int(hour) % 24
    share = hour - int(hour)
    return by_hour[first] * (1 - share) + by_hour[(first + 1) % 24] * share


def _bursts(rng: random.Random) -> Iterator[float]:
    """Around 1, correlated over some minutes, each for ten seconds."""
    level = 0.0
    for _ in range(int(DAY_S / _BURST_S)):
        level = 0.97 * level + 0.03 * rng.gauss(0, 1)
        yield max(0.2, 1 + 0.5 * level)
