"""One day under one way of sharing the devices.

`shared` runs the real policies: Serve's replicas by `ByQueuedSteps`, the devices by `cluster.capacity.policy`, groups
by `training.capacity`, jobs by `training.queue.choose`. `dedicated` is the usual alternative: two fixed pools, split in
proportion to the day's work or as told, each first come, first served, with the same engines underneath, and nothing
that would take its time to start.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cluster.capacity.policy import CapacityPolicy
from cluster.simulation.fleet import Course, Server, Trainer
from cluster.simulation.model import DAY_S, World, picture_steps, trainings
from cluster.simulation.sizing import Elastic, Fixed, Sizing
from governance.ids import SubjectId
from training.config import PoolSettings
from training.queue import FairShare, choose
from training.simulation import fifo, jain, percentile

_KEEP_EVERY_S = 300
Weighted = tuple[float, float]


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
    """`utilisation`: device seconds with work in them over those paid for, over the day.

    Waits in seconds. A training's is all its time in the queue, also after it was given back; pictures' are weighted by
    their steps, and `work_p99_s` weighs both by the device seconds they need. `training_done_…`: from arrival to end.
    `most_given_back`: how often the unluckiest training was. `cost_…` in paid device seconds: of a thousand steps, and
    of one training."""

    utilisation: float
    picture_p99_s: float
    training_p50_s: float
    training_p99_s: float
    work_p99_s: float
    training_done_p50_s: float
    training_done_p99_s: float
    jain_index: float
    trainings: int
    preempted: int
    most_given_back: int
    paid_s: float
    cost_per_picture: float
    cost_per_training: float
    readings: tuple[Reading, ...]


def shared(world: World, policy: CapacityPolicy | None = None, pool: PoolSettings | None = None) -> Day:
    """Ours, with the policies as they are shipped or as given."""
    sizing = Elastic(world, policy or CapacityPolicy(), pool or PoolSettings())
    return _Run(world, Trainer(world, choose, FairShare(quota=world.jobs)), sizing).day()


def dedicated(world: World, replicas: int | None = None) -> Day:
    """Two pools of fixed size and FIFO in each."""
    return _Run(world, Trainer(world, fifo, FairShare()), Fixed(world, replicas)).day()


class _Run:
    def __init__(self, world: World, trainer: Trainer, sizing: Sizing) -> None:
        self._world, self._trainer, self._sizing = world, trainer, sizing
        self._server = Server(world)
        self._busy = self._paid = self._serving = self._training = 0.0
        self._readings: list[Reading] = []

    def day(self) -> Day:
        world, arrivals = self._world, iter(trainings(self._world))
        coming = next(arrivals, None)
        for tick, steps in enumerate(picture_steps(world)):
            began = tick * world.tick_s
            sizes = self._sizing.sizes(self._server, self._trainer, began)
            self._trainer.resize(sizes.groups, sizes.room, began, self._sizing.group_s)
            self._server.arrive(steps, began)
            while coming is not None and coming.at < began + world.tick_s:
                self._trainer.arrive(coming)
                coming = next(arrivals, None)
            self._trainer.run(began + world.tick_s)
            used = self._server.run(sizes.replicas, began + world.tick_s)
            self._count(tick, sizes.paid, sizes.replicas, used)
        return self._summary()

    def _count(self, tick: int, paid: int, replicas: int, used: float) -> None:
        tick_s, training = self._world.tick_s, self._trainer.busy
        self._busy += (used * replicas + training) * tick_s
        self._paid += paid * tick_s
        self._serving += replicas * tick_s
        self._training += len(self._trainer.groups) * tick_s
        if tick % round(_KEEP_EVERY_S / tick_s) == 0:
            self._readings.append(Reading(tick * tick_s, paid, replicas, training, self._trainer.queued))

    def _summary(self) -> Day:
        trainer, server, world = self._trainer, self._server, self._world
        courses = list(trainer.courses.values())
        waits = sorted(course.waits_s(DAY_S) for course in courses) or [0.0]
        done = sorted(course.done_s for course in courses if course.done_s is not None) or [0.0]
        idle = self._paid - self._serving - self._training
        serving = self._serving + idle * self._serving / max(1.0, self._serving + self._training)
        return Day(
            utilisation=self._busy / self._paid,
            picture_p99_s=_weighted(server.waits, 0.99),
            training_p50_s=percentile(waits, 0.5),
            training_p99_s=percentile(waits, 0.99),
            work_p99_s=_weighted(_all_work(server.waits, courses, world), 0.99),
            training_done_p50_s=percentile(done, 0.5),
            training_done_p99_s=percentile(done, 0.99),
            jain_index=_between_accounts(courses),
            trainings=trainer.finished,
            preempted=trainer.preempted,
            most_given_back=max((course.given_back for course in courses), default=0),
            paid_s=self._paid,
            cost_per_picture=serving / max(1.0, server.done / 1000),
            cost_per_training=(self._paid - serving) / max(1, trainer.finished),
            readings=tuple(self._readings),
        )


def _all_work(pictures: Sequence[Weighted], courses: Iterable[Course], world: World) -> Sequence[Weighted]:
    """Every wait with the device seconds of what waited."""
    served = [(wait, steps / world.steps_per_s) for wait, steps in pictures]
    return served + [(course.waits_s(DAY_S), course.job.gpu_seconds / world.gain) for course in courses]


def _between_accounts(courses: Iterable[Course]) -> float:
    """Jain's index of how soon accounts are served: 1 when all wait alike."""
    waits: dict[SubjectId, list[float]] = {}
    for course in courses:
        waits.setdefault(course.job.owner, []).append(course.waits_s(DAY_S))
    return jain([1 / (1 + sum(each) / len(each) / 60) for each in waits.values()])


def _weighted(waits: Sequence[Weighted], quantile: float) -> float:
    """The wait below which `quantile` of all weight lies."""
    whole = sum(weight for _, weight in waits) * quantile
    for wait, weight in sorted(waits):
        whole -= weight
        if whole <= 0:
            return wait
    return 0.0
