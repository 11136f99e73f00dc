"""One day under one way of sharing the devices.

`shared` runs the real policies: Serve's replicas by `ByQueuedSteps`, the devices by `cluster.capacity.policy`, jobs by
`training.queue.choose`. `dedicated` is the usual alternative: two fixed pools, split in proportion to the day's work,
each first come, first served, with the same engines underneath.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cluster.capacity.policy import CapacityPolicy, Demand, Supply, share
from cluster.simulation.fleet import Server, Trainer
from cluster.simulation.model import World, picture_steps, trainings
from cluster.topology.model import Pool
from serve_apps.generator.scaling import QUEUED_STEPS, ByQueuedSteps
from training.queue import FairShare, choose
from training.simulation import fifo, jain, percentile

# A replica is asked to be no further behind than this many seconds.
_TARGET_S = 1.0
_KEEP_EVERY = 30


@dataclass(frozen=True, slots=True)
class Reading:
    """At one moment, for the picture: devices paid for, serving, training; jobs queued."""

    at: float
    paid: int
    serving: int
    training: int
    queued: int


@dataclass(frozen=True, slots=True)
class Day:
    """`utilisation`: device seconds with work in them over those paid for, over the day. Waits in seconds; pictures'
    are weighted by their steps. `pictures` in thousands of steps, `cost_…` in paid device seconds each."""

    utilisation: float
    picture_p99_s: float
    training_p50_s: float
    training_p99_s: float
    jain_index: float
    trainings: int
    preempted: int
    paid_s: float
    cost_per_picture: float
    cost_per_training: float
    readings: tuple[Reading, ...]


def shared(world: World) -> Day:
    """Ours."""
    return _Run(world, Trainer(world, choose, FairShare(quota=world.jobs)), _Elastic(world)).day()


def dedicated(world: World) -> Day:
    """Two pools of fixed size and FIFO in each."""
    return _Run(world, Trainer(world, fifo, FairShare()), _Fixed(world)).day()


@dataclass(slots=True)
class _Sizes:
    paid: int
    replicas: int
    groups: int
    room: int


class _Fixed:
    """As many devices for each as its part of the work."""

    def __init__(self, world: World) -> None:
        serving = world.steps / world.steps_per_s
        training = world.jobs * world.training_s / world.gain
        self._replicas = round(world.devices * serving / (serving + training))
        self._groups = world.devices - self._replicas

    def sizes(self, server: Server, trainer: Trainer, now: float) -> _Sizes:
        return _Sizes(self._replicas + self._groups, self._replicas, self._groups, self._groups)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What Ray Serve shows its autoscaling policies, as far as ours looks at it."""

    aggregated_metrics: Mapping[str, Mapping[str, float]]
    capacity_adjusted_max_replicas: int
    capacity_adjusted_min_replicas: int = 0
    total_num_requests: float = 0.0


class _Elastic:
    """The policies of the real cluster, over nodes that take their time to start and to end."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._living = 0
        self._starting: list[float] = []
        self._replicas = 0
        self._unused_since: float | None = None
        self._recent = 0.0
        self._scaling = ByQueuedSteps(world.steps_per_s * (world.tick_s + _TARGET_S))

    def sizes(self, server: Server, trainer: Trainer, now: float) -> _Sizes:
        ready = [at for at in self._starting if at <= now]
        self._starting = [at for at in self._starting if at > now]
        self._living += len(ready)
        groups = max(trainer.busy, self._wanted_groups(trainer))
        demand = Demand("eu", self._wanted_replicas(server), self._replicas, groups, len(trainer.groups))
        room = self._world.devices - self._living - len(self._starting)
        supply = Supply("eu", {Pool.SHARED: self._living}, len(self._starting), {Pool.SHARED: room})
        made = share(supply, demand, CapacityPolicy())
        self._starting += [now + self._world.start_s] * sum(made.start.values())
        self._end_idle(made.spare, now)
        self._replicas = made.replicas
        return _Sizes(self._living + len(self._starting), made.replicas, made.groups, made.room)

    def _wanted_replicas(self, server: Server) -> int:
        """What arrives must be worked off as it comes, and what is queued within the target."""
        arriving = server.queued / self._world.tick_s
        self._recent = 0.9 * self._recent + 0.1 * arriving if self._recent else arriving
        floor = math.ceil(self._recent / self._world.steps_per_s * 1.03)
        behind, _ = self._scaling(_Seen({QUEUED_STEPS: {"all": server.queued}}, self._world.devices))
        return min(self._world.devices, max(floor, behind))

    def _wanted_groups(self, trainer: Trainer) -> int:
        return math.ceil((trainer.queued + trainer.running) / self._world.slots)

    def _end_idle(self, spare: int, now: float) -> None:
        if not spare:
            self._unused_since = None
        elif self._unused_since is None:
            self._unused_since = now
        elif now - self._unused_since >= self._world.idle_s:
            self._living -= spare
            self._unused_since = None


class _Run:
    def __init__(self, world: World, trainer: Trainer, sizing: _Fixed | _Elastic) -> None:
        self._world, self._trainer, self._sizing = world, trainer, sizing
        self._server = Server(world)
        self._busy = self._paid = self._serving = self._training = 0.0
        self._readings: list[Reading] = []

    def day(self) -> Day:
        world, arrivals = self._world, trainings(self._world)
        coming = 0
        for tick, steps in enumerate(picture_steps(world)):
            now = (tick + 1) * world.tick_s
            while coming < len(arrivals) and arrivals[coming].at <= now:
                self._trainer.arrive(arrivals[coming])
                coming += 1
            self._server.arrive(steps, now - world.tick_s)
            self._tick(tick, now)
        return self._summary()

    def _tick(self, tick: int, now: float) -> None:
        sizes = self._sizing.sizes(self._server, self._trainer, now)
        self._trainer.resize(sizes.groups, sizes.room, now)
        self._trainer.run(now)
        used = self._server.run(sizes.replicas, now)
        tick_s = self._world.tick_s
        training = self._trainer.busy
        self._busy += (used * sizes.replicas + training) * tick_s
        self._paid += sizes.paid * tick_s
        self._serving += sizes.replicas * tick_s
        self._training += len(self._trainer.groups) * tick_s
        if tick % _KEEP_EVERY == 0:
            self._readings.append(Reading(now, sizes.paid, sizes.replicas, training, self._trainer.queued))

    def _summary(self) -> Day:
        trainer, server = self._trainer, self._server
        waits = sorted(trainer.waits) or [0.0]
        idle = self._paid - self._serving - self._training
        serving = self._serving + idle * self._serving / max(1.0, self._serving + self._training)
        return Day(
            utilisation=self._busy / self._paid,
            picture_p99_s=_weighted(server.waits, 0.99),
            training_p50_s=percentile(waits, 0.5),
            training_p99_s=percentile(waits, 0.99),
            jain_index=jain([1 / (1 + sum(each) / len(each) / 60) for each in trainer.owners.values()]),
            trainings=trainer.finished,
            preempted=trainer.preempted,
            paid_s=self._paid,
            cost_per_picture=serving / max(1.0, server.done / 1000),
            cost_per_training=(self._paid - serving) / max(1, trainer.finished),
            readings=tuple(self._readings),
        )


def _weighted(waits: Sequence[tuple[float, float]], quantile: float) -> float:
    """The wait below which `quantile` of all steps lie."""
    whole = sum(steps for _, steps in waits) * quantile
    for wait, steps in sorted(waits):
        whole -= steps
        if whole <= 0:
            return wait
    return 0.0
