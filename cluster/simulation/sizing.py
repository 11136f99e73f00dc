"""How many replicas and groups there are at each moment: fixed, or by the policies of the real cluster."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from cluster.capacity.policy import CapacityPolicy, Demand, Share, Supply, share
from cluster.simulation.fleet import REGION, Server, Trainer
from cluster.simulation.model import World
from cluster.topology.model import Pool
from serve_apps.generator.scaling import DOWNSCALE_DELAY_S, QUEUED_STEPS, ByQueuedSteps
from training.capacity import wanted
from training.config import BaseModelSettings, PoolSettings, TrainingSettings, WorkerSettings

# Replicas are to have this part of their time to themselves, for what comes while another one starts.
_SERVING_HEADROOM = 0.05


@dataclass(frozen=True, slots=True)
class Sizes:
    """Devices paid for, replicas that serve, groups wanted, and how many groups there may be."""

    paid: int
    replicas: int
    groups: int
    room: int


class Sizing(Protocol):
    """Asked at the beginning of every tick."""

    group_s: float

    def sizes(self, server: Server, trainer: Trainer, now: float) -> Sizes: ...


class Fixed:
    """Two pools. `replicas` None: as many devices for each as its part of the day's work."""

    group_s = 0.0

    def __init__(self, world: World, replicas: int | None = None) -> None:
        serving = world.steps / world.steps_per_s
        training = world.jobs * world.training_s / world.gain
        part = round(world.devices * serving / (serving + training))
        self._replicas = part if replicas is None else replicas
        self._groups = world.devices - self._replicas

    def sizes(self, server: Server, trainer: Trainer, now: float) -> Sizes:
        return Sizes(self._replicas + self._groups, self._replicas, self._groups, self._groups)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What Ray Serve shows its autoscaling policies, as far as ours looks at it."""

    aggregated_metrics: Mapping[str, Mapping[str, float]]
    capacity_adjusted_max_replicas: int
    capacity_adjusted_min_replicas: int = 0
    total_num_requests: float = 0.0


class Delayed:
    """Ray Serve's delay: more at once; fewer when that was asked for all the time, then as few as asked for last."""

    def __init__(self, downscale_s: float) -> None:
        self._downscale_s = downscale_s
        self._since: float | None = None
        self._now = 0

    def target(self, desired: int, now: float) -> int:
        """The replicas there should be."""
        if desired >= self._now:
            self._now, self._since = desired, None
        elif self._since is None:
            self._since = now
        elif now - self._since >= self._downscale_s:
            self._now, self._since = desired, None
        return self._now


class Elastic:
    """The real policies, over nodes, replicas and groups that take their time to start and to end."""

    def __init__(self, world: World, policy: CapacityPolicy, pool: PoolSettings) -> None:
        self._world, self._policy = world, policy
        self.group_s = world.group_s
        # As the evening before has left them; those that nobody needs end soon.
        self._living = world.devices
        self._starting: list[float] = []
        self._replicas: list[float] = []
        self._spare: deque[int] = deque([0], maxlen=max(1, round(world.idle_s / world.tick_s)))
        self._scaling = ByQueuedSteps(world.steps_per_s * world.request_s * (1 - _SERVING_HEADROOM))
        self._delayed = Delayed(DOWNSCALE_DELAY_S)
        self._pool = TrainingSettings(
            base=BaseModelSettings(path="simulated"),
            worker=WorkerSettings(slots=world.slots),
            pool=pool.model_copy(update={"groups": world.devices, "warm": False}),
        )

    def sizes(self, server: Server, trainer: Trainer, now: float) -> Sizes:
        """Nodes, then replicas, then what is left for groups."""
        self._end_idle()
        self._living += sum(at <= now for at in self._starting)
        self._starting = [at for at in self._starting if at > now]
        made = self._share(server, trainer, now)
        self._starting += [now + self._world.start_s] * sum(made.start.values())
        self._spare.append(made.spare)
        return Sizes(self._living + len(self._starting), self._serving(made.replicas, now), made.groups, made.room)

    def _share(self, server: Server, trainer: Trainer, now: float) -> Share:
        desired, _ = self._scaling(_Seen({QUEUED_STEPS: {"all": server.outstanding}}, self._world.devices))
        demand = Demand(
            region=REGION,
            replicas_wanted=self._delayed.target(desired, now),
            replicas=len(self._replicas),
            groups_wanted=wanted(REGION, trainer.queued, trainer.running, self._pool),
            groups=len(trainer.groups),
        )
        room = self._world.devices - self._living - len(self._starting)
        supply = Supply(REGION, {Pool.SHARED: self._living}, len(self._starting), {Pool.SHARED: room})
        return share(supply, demand, self._policy)

    def _serving(self, replicas: int, now: float) -> int:
        """Those that have started; the youngest go first."""
        missing = replicas - len(self._replicas)
        self._replicas = self._replicas[:replicas] + [now + self._world.replica_s] * max(0, missing)
        return sum(at <= now for at in self._replicas)

    def _end_idle(self) -> None:
        """Nodes that nobody wanted for the whole of the idle time."""
        if len(self._spare) == self._spare.maxlen and (ended := min(self._spare)):
            self._living -= ended
            self._spare = deque((spare - ended for spare in self._spare), self._spare.maxlen)
