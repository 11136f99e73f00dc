"""How the devices are shared between serving and training, and what waits for what: a pure decision.

    devices of the SERVING pool ──▶ generator replicas
    devices of the SHARED pool  ──▶ generator replicas first, training groups what is left

Serving goes first: somebody looks at a screen. Training fills what is left and is asked to leave when serving grows; it
then seals its checkpoints and gives its jobs back, so preemption costs seconds of work, not a training. What serving
may take is training's headroom, whose jobs find a place in the other groups; the groups that its jobs fill are kept, or
the busiest hour would make trainings wait for all of it to spare pictures a few seconds. Residency is a
hard limit: a region's work runs on that region's devices and otherwise waits and says so (P9.1).

Equal facts give equal decisions; nothing here knows Ray, a clock or a cloud.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from cluster.topology.model import Pool


class WaitReason(StrEnum):
    """Why something wanted does not run yet."""

    NODE_STARTS = "node_starts"
    NODE_LIMIT = "node_limit"
    NO_NODE_TYPE = "no_node_type"
    SERVING_FIRST = "serving_first"
    CHECKPOINTS = "checkpoints"
    POLICY = "policy"
    TRAINING_KEPT = "training_kept"


WORDS: Mapping[WaitReason, str] = {
    WaitReason.NODE_STARTS: "a node is being started for it",
    WaitReason.NODE_LIMIT: "the region's node types are at their limit; raise `most` or add a type",
    WaitReason.NO_NODE_TYPE: "no node type of this region has a device; data of this region run nowhere else",
    WaitReason.SERVING_FIRST: "serving has the devices; training fills what it leaves",
    WaitReason.CHECKPOINTS: "training is sealing its checkpoints on the device that serving takes",
    WaitReason.POLICY: "kept back as the reserve for serving",
    WaitReason.TRAINING_KEPT: "training keeps the devices that its jobs fill; raise `most`, or lower `kept`",
}


class Part(StrEnum):
    SERVING = "serving"
    TRAINING = "training"


class CapacityPolicy(BaseModel):
    """`reserve`: shared devices per region that training leaves free for the next replica. Training groups that serving
    never pushes out: `floor` per region, and `kept` of those wanted (with a headroom of a quarter, 0.8 are the groups
    that jobs fill; one group alone is not kept)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reserve: int = Field(default=0, ge=0)
    floor: int = Field(default=0, ge=0)
    kept: float = Field(default=0.8, ge=0, le=1)


@dataclass(frozen=True, slots=True)
class Supply:
    """Devices of one region: living ones by pool, those being started, and how many more node types allow."""

    region: str
    living: Mapping[Pool, int]
    starting: int = 0
    startable: Mapping[Pool, int] = field(default_factory=dict)

    @property
    def devices(self) -> int:
        return sum(self.living.values())


@dataclass(frozen=True, slots=True)
class Demand:
    """What one region wants and has: replicas and groups, a device each."""

    region: str
    replicas_wanted: int
    replicas: int
    groups_wanted: int
    groups: int


@dataclass(frozen=True, slots=True)
class Waits:
    """`count` replicas or groups of a region that wait."""

    part: Part
    region: str
    count: int
    reason: WaitReason

    def __str__(self) -> str:
        return f"{self.count} {self.part} in {self.region}: {WORDS[self.reason]}"


@dataclass(frozen=True, slots=True)
class Share:
    """One region's decision. `groups`: training groups that should run; `room`: how many may, wanted or not: when more
    run, some leave now. `start`: devices to start by pool; `spare`: living devices that nobody wants."""

    region: str
    replicas: int
    groups: int
    room: int
    start: Mapping[Pool, int]
    spare: int
    waits: tuple[Waits, ...]


def decide(supplies: Iterable[Supply], demands: Iterable[Demand], policy: CapacityPolicy) -> Sequence[Share]:
    """One share for each region that has devices or wants some."""
    known = {supply.region: supply for supply in supplies}
    return [share(known.get(demand.region, Supply(demand.region, {})), demand, policy) for demand in demands]


def share(supply: Supply, demand: Demand, policy: CapacityPolicy) -> Share:
    """One region alone."""
    own = supply.living.get(Pool.SERVING, 0)
    shared = supply.living.get(Pool.SHARED, 0)
    floor = min(max(policy.floor, int(policy.kept * demand.groups_wanted)), demand.groups_wanted, shared)
    replicas = min(demand.replicas_wanted, own + shared - floor)
    left = shared - max(0, replicas - own)
    # What is missing for serving is not given to training either, even if no replica could start on it now.
    free = left if demand.replicas_wanted > replicas else max(floor, left - policy.reserve)
    room = max(0, free)
    groups = min(demand.groups_wanted, room)
    start = _start(supply, demand, policy, replicas, groups)
    waits = (
        *_serving_waits(supply, demand, replicas, floor, start),
        *_training_waits(supply, demand, groups, left, start),
    )
    busy = replicas + max(groups, min(demand.groups, left))
    return Share(supply.region, replicas, groups, room, start, max(0, supply.devices - busy), waits)


def _start(supply: Supply, demand: Demand, policy: CapacityPolicy, replicas: int, groups: int) -> Mapping[Pool, int]:
    """Missing devices, less those already starting, within the limits; training takes shared ones alone."""
    coming = supply.starting
    missing_replicas = max(0, demand.replicas_wanted - replicas - coming)
    coming = max(0, coming - max(0, demand.replicas_wanted - replicas))
    serving = min(missing_replicas, supply.startable.get(Pool.SERVING, 0))
    room = supply.startable.get(Pool.SHARED, 0)
    shared = min(missing_replicas - serving, room)
    reserve = policy.reserve if demand.groups_wanted > groups else 0
    training = min(max(0, demand.groups_wanted - groups + reserve - coming), room - shared)
    return {pool: count for pool, count in ((Pool.SERVING, serving), (Pool.SHARED, shared + training)) if count}


def _serving_waits(
    supply: Supply, demand: Demand, replicas: int, floor: int, start: Mapping[Pool, int]
) -> Iterable[Waits]:
    handed_over = max(0, min(replicas, demand.replicas_wanted) - demand.replicas)
    taken = max(0, demand.groups + max(demand.replicas, replicas) - supply.devices)
    sealing = min(handed_over, taken)
    if sealing:
        yield Waits(Part.SERVING, demand.region, sealing, WaitReason.CHECKPOINTS)
    short = max(0, demand.replicas_wanted - replicas)
    starting = min(short, supply.starting + sum(start.values()))
    if starting:
        yield Waits(Part.SERVING, demand.region, starting, WaitReason.NODE_STARTS)
    if short - starting > 0:
        reason = _limit(supply, WaitReason.TRAINING_KEPT if floor else None)
        yield Waits(Part.SERVING, demand.region, short - starting, reason)


def _training_waits(
    supply: Supply, demand: Demand, groups: int, left: int, start: Mapping[Pool, int]
) -> Iterable[Waits]:
    short = demand.groups_wanted - groups
    if short <= 0:
        return
    kept = min(short, max(0, left - groups))
    if kept:
        yield Waits(Part.TRAINING, demand.region, kept, WaitReason.POLICY)
    serving_short = max(0, demand.replicas_wanted - min(demand.replicas_wanted, supply.devices))
    for_training = max(0, supply.starting + sum(start.values()) - serving_short)
    starting = min(short - kept, for_training)
    if starting:
        yield Waits(Part.TRAINING, demand.region, starting, WaitReason.NODE_STARTS)
    rest = short - kept - starting
    if rest:
        used = supply.living.get(Pool.SHARED, 0) - left
        yield Waits(Part.TRAINING, demand.region, rest, _limit(supply, WaitReason.SERVING_FIRST if used else None))


def _limit(supply: Supply, instead: WaitReason | None) -> WaitReason:
    if not supply.devices and not supply.starting and not sum(supply.startable.values()):
        return WaitReason.NO_NODE_TYPE
    return instead or WaitReason.NODE_LIMIT
