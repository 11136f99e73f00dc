"""The same day at other loads and other mixes of pictures and trainings: where sharing wins, and where it does not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from cluster.simulation.day import Day, dedicated, shared
from cluster.simulation.model import World

LOADS = (0.7, 0.85, 1.0, 1.05, 1.1)
MIXES = (0.25, 0.5, 0.8)
# Fixed pools that are tried, as parts of all devices that serve.
SPLITS = (0.6, 0.625, 0.65, 0.675, 0.7)


@dataclass(frozen=True, slots=True)
class Compared:
    """One day under both ways."""

    ours: Day
    fifo: Day


def at_load(world: World, load: float) -> World:
    """So many times as much of both."""
    return replace(world, jobs=round(world.jobs * load), steps=world.steps * load)


def with_pictures(world: World, part: float) -> World:
    """The same device seconds, of which `part` (0..1) are pictures'."""
    work_s = world.steps / world.steps_per_s + world.jobs * world.training_s / world.gain
    jobs = round(work_s * (1 - part) * world.gain / world.training_s)
    return replace(world, jobs=jobs, steps=work_s * part * world.steps_per_s)


def by_load(world: World, loads: Sequence[float] = LOADS) -> Mapping[float, Compared]:
    """Both ways at each load."""
    return {load: _compared(at_load(world, load)) for load in loads}


def by_mix(world: World, mixes: Sequence[float] = MIXES) -> Mapping[float, Compared]:
    """Both ways with each part of pictures, in fixed pools that are split anew for it."""
    return {mix: _compared(with_pictures(world, mix)) for mix in mixes}


def best_fixed(world: World, splits: Sequence[float] = SPLITS) -> tuple[float, Day]:
    """The split of two fixed pools that would have made all work wait least, known only when the day is over."""
    days = {split: dedicated(world, round(world.devices * split)) for split in splits}
    return min(days.items(), key=lambda one: one[1].work_p99_s)


def _compared(world: World) -> Compared:
    return Compared(shared(world), dedicated(world))
