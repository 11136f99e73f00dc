"""How many worker groups there should be and where: a pure decision, carried out by the pool."""

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from governance.ids import JobId
from training.config import TrainingSettings
from training.queue import Lane, Waiting


@dataclass(frozen=True, slots=True)
class Beat:
    """What a worker says about itself twice a second: `seconds_left` of each job it trains, and `whole_s`, how long
    each takes from its claim to its end, as far as that can be told."""

    worker: str
    group: str
    region: str
    seconds_left: tuple[float, ...] = ()
    whole_s: tuple[tuple[JobId, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Orders:
    """The answer: whether to leave now, and how many workers share the queue."""

    leave: bool
    workers: int


@dataclass(frozen=True, slots=True)
class Plan:
    """Regions in which to start one more group each (a region may stand there several times)."""

    start: tuple[str, ...]


def wanted(region: str, waiting: int, running: int, settings: TrainingSettings) -> int:
    """Groups a region needs for its jobs and for those who come while a group starts, within its limit."""
    pool = settings.pool
    full = (waiting + running) / (settings.worker.slots * pool.workers_per_group)
    return min(pool.groups, max(math.ceil(full) + int(full * pool.headroom), int(pool.warm)))


def plan(
    waiting: Iterable[Waiting],
    groups: Sequence[str],
    beats: Iterable[Beat],
    settings: TrainingSettings,
    allowed: Mapping[str, int] | None = None,
) -> Plan:
    """`groups`: the region of each group that is alive. Groups shrink by themselves: an idle worker leaves. `allowed`:
    groups each region may have now (None: as many as the settings say)."""
    alive = Counter(groups)
    start: list[str] = []
    for region, most in wanted_by_region(waiting, beats, settings).items():
        missing = min(most, most if allowed is None else allowed.get(region, most)) - alive[region]
        start += [region] * max(0, missing)
    return Plan(tuple(start))


def wanted_by_region(
    waiting: Iterable[Waiting], beats: Iterable[Beat], settings: TrainingSettings
) -> Mapping[str, int]:
    """Groups that each of the pool's regions has work for."""
    queued = Counter(job.region for job in waiting)
    running: Counter[str] = Counter()
    for beat in beats:
        running[beat.region] += len(beat.seconds_left)
    return {region: wanted(region, queued[region], running[region], settings) for region in settings.pool.regions}


def surplus(
    groups: Mapping[str, str],
    allowed: Mapping[str, int],
    jobs: Mapping[str, int] | None = None,
    leaving_already: Collection[str] = (),
) -> list[str]:
    """Names of groups that must leave: those that are leaving already, then those whose leaving disturbs the fewest
    jobs, the youngest first. `groups`: region by name, the oldest first; `jobs`: how many each trains."""
    alive = Counter(groups.values())
    disturbed = {} if jobs is None else jobs
    ages = {name: age for age, name in enumerate(groups)}
    by_loss = sorted(groups, key=lambda name: (name not in leaving_already, disturbed.get(name, 0), -ages[name]))
    leaving: list[str] = []
    for name in by_loss:
        region = groups[name]
        if alive[region] > allowed.get(region, alive[region]):
            alive[region] -= 1
            leaving.append(name)
    return leaving


def lanes(beats: Iterable[Beat], settings: TrainingSettings) -> list[Lane]:
    """Every slot of every worker, with when it will be free."""
    worker = settings.worker
    return [
        Lane(frozenset({beat.region}) | worker.regions, worker.memory_mb, beat.seconds_left[slot])
        if slot < len(beat.seconds_left)
        else Lane(frozenset({beat.region}) | worker.regions, worker.memory_mb)
        for beat in beats
        for slot in range(worker.slots)
    ]


def lanes_of_group(region: str, settings: TrainingSettings) -> list[Lane]:
    """Every slot of a group that stands idle."""
    worker = settings.worker
    one = Lane(frozenset({region}) | worker.regions, worker.memory_mb)
    return [one] * (worker.slots * settings.pool.workers_per_group)


def tally(waiting: Iterable[Waiting]) -> Mapping[str, int]:
    """Jobs waiting in each region."""
    return Counter(job.region for job in waiting)
