"""Who is trained next: the pool's queue as a pure policy, without clock, database or Ray.

Order. Each account has used GPU-seconds lately; its waiting jobs are laid one after the other behind that use, and
the job whose turn starts earliest goes first, so that an account with a thousand jobs cannot hold up one with a single
job. Priority classes go before each other, and waiting lifts a job: within its class by `aging`, and one class up
every `promote_s`, so that nothing waits for ever.

Pack. A worker takes the first jobs of that order that may run where it is (residency is a hard limit), whose account
has not reached its quota, and that fit its free slots and memory. A smaller job may overtake one that does not fit,
but only until that one has waited `reserve_s`: then the worker keeps its room for it.

Every function is deterministic: equal facts give equal answers on every worker. The database settles races.
"""

import heapq
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from governance.ids import JobId, SubjectId


class FairShare(BaseModel):
    """The policy's numbers. `aging`: GPU-seconds of credit for each second waited; times in seconds.

    `quota`: jobs of one account that may run at once; `most_tries`: how often a job is started before it is given up;
    being preempted does not count.
    """

    model_config = ConfigDict(frozen=True)

    aging: float = Field(default=0.1, ge=0)
    promote_s: float = Field(default=900.0, gt=0)
    reserve_s: float = Field(default=120.0, ge=0)
    quota: int = Field(default=8, ge=1)
    admission_timeout_s: float = Field(default=6 * 3600.0, gt=0)
    most_tries: int = Field(default=4, ge=1)


class WaitsFor(StrEnum):
    """Why a job is not running yet."""

    TURN = "turn"
    QUOTA = "quota"
    REGION = "region"
    MEMORY = "memory"


@dataclass(frozen=True, slots=True)
class Waiting:
    """One queued job. `waited_s` since it was queued; `owner_gpu_seconds` used lately by its account;
    `owner_running`: that account's jobs running now; `tries`: how often it was started before,
    preempted ones apart; `back_s` since it was given back, None when it never was."""

    id: JobId
    owner: SubjectId
    region: str
    gpu_seconds: float
    memory_mb: int
    waited_s: float
    priority: int = 0
    owner_gpu_seconds: float = 0.0
    owner_running: int = 0
    tries: int = 0
    back_s: float | None = None


@dataclass(frozen=True, slots=True)
class Room:
    """What one worker has free. `regions`: whose data may be worked on here (its own, and safeguarded ones)."""

    regions: frozenset[str]
    slots: int
    memory_mb: int


@dataclass(frozen=True, slots=True)
class Lane:
    """One slot of a worker for the forecast: whose data, how much memory, and in how many seconds it is free."""

    regions: frozenset[str]
    memory_mb: int
    free_in_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Forecast:
    """`position`: jobs ahead in the fair order; `starts_in_s` None when nothing running here can take it."""

    position: int
    starts_in_s: float | None
    ends_in_s: float | None
    waits_for: WaitsFor


def order(jobs: Iterable[Waiting], policy: FairShare) -> list[Waiting]:
    """The jobs in the order of their turn."""
    turns = _turns(jobs, policy)
    return [job for _, job in sorted(turns, key=lambda turn: turn[0])]


def _rank(job: Waiting, policy: FairShare) -> int:
    return job.priority + int(job.waited_s // policy.promote_s)


Turn = tuple[int, float, float, str]


def _turns(jobs: Iterable[Waiting], policy: FairShare) -> list[tuple[Turn, Waiting]]:
    accounts: dict[SubjectId, list[Waiting]] = defaultdict(list)
    for job in jobs:
        accounts[job.owner].append(job)
    turns: list[tuple[Turn, Waiting]] = []
    for mine in accounts.values():
        mine.sort(key=lambda job: (-_rank(job, policy), -job.waited_s, job.id))
        # Running jobs report their use as they go; what they have still to use counts like one job each.
        start = mine[0].owner_gpu_seconds + mine[0].owner_running * mine[0].gpu_seconds
        for job in mine:
            turns.append(((-_rank(job, policy), start - policy.aging * job.waited_s, -job.waited_s, job.id), job))
            start += job.gpu_seconds
    return turns


def choose(jobs: Iterable[Waiting], room: Room, policy: FairShare, width: int | None = None) -> list[Waiting]:
    """The jobs one worker should claim now, best first: at most `width` (all free slots when None)."""
    slots = room.slots if width is None else min(room.slots, width)
    memory_mb = room.memory_mb
    started: dict[SubjectId, int] = defaultdict(int)
    chosen: list[Waiting] = []
    for job in order(jobs, policy):
        if len(chosen) >= slots:
            break
        if job.region not in room.regions or job.owner_running + started[job.owner] >= policy.quota:
            continue
        if job.memory_mb > memory_mb:
            if job.waited_s >= policy.reserve_s:
                break
            continue
        chosen.append(job)
        memory_mb -= job.memory_mb
        started[job.owner] += 1
    return chosen


def width(queued: int, workers: int, slots: int) -> int:
    """How many jobs a worker should take so that idle workers share a short queue and a long one fills the slots."""
    return max(1, min(slots, math.ceil(queued / max(1, workers))))


def overdue(jobs: Iterable[Waiting], policy: FairShare) -> list[Waiting]:
    """Jobs that waited longer than the admission time-out; after they were given back, anew."""
    return [job for job in jobs if (job.waited_s if job.back_s is None else job.back_s) > policy.admission_timeout_s]


def worn_out(job: Waiting, policy: FairShare) -> bool:
    """It was started as often as a job may be."""
    return job.tries >= policy.most_tries


@dataclass(slots=True)
class _Lanes:
    """Lanes by the set of regions they serve, each set a heap by the time they are free."""

    heaps: dict[frozenset[str], list[tuple[float, int, int]]] = field(default_factory=dict)

    def add(self, lane: Lane, number: int) -> None:
        heapq.heappush(self.heaps.setdefault(lane.regions, []), (lane.free_in_s, number, lane.memory_mb))

    def take(self, job: Waiting, stretch: float) -> float | None:
        """When `job` starts on the lane that is free first, which is then taken for its length."""
        heaps = [heap for regions, heap in self.heaps.items() if job.region in regions and heap]
        if not heaps:
            return None
        heap = min(heaps, key=lambda heap: heap[0])
        free_in_s, number, memory_mb = heap[0]
        heapq.heapreplace(heap, (free_in_s + job.gpu_seconds * stretch, number, memory_mb))
        return free_in_s


def forecast(
    jobs: Iterable[Waiting], lanes: Sequence[Lane], policy: FairShare, stretch: float = 1.0
) -> Mapping[JobId, Forecast]:
    """Position and times of every waiting job, by running the fair order over the lanes.

    `stretch`: seconds a job takes in a pack for each GPU-second it was estimated at alone.
    """
    free = _Lanes()
    for number, lane in enumerate(lanes):
        free.add(lane, number)
    largest = {region: _largest(lanes, region) for region in {r for lane in lanes for r in lane.regions}}
    started: dict[SubjectId, int] = defaultdict(int)
    answers: dict[JobId, Forecast] = {}
    for position, job in enumerate(order(jobs, policy)):
        reason = _reason(job, largest, job.owner_running + started[job.owner], policy)
        starts = free.take(job, stretch) if reason in (WaitsFor.TURN, WaitsFor.QUOTA) else None
        ends = None if starts is None else starts + job.gpu_seconds * stretch
        answers[job.id] = Forecast(position, starts, ends, reason)
        started[job.owner] += 1
    return answers


def _largest(lanes: Sequence[Lane], region: str) -> int:
    return max(lane.memory_mb for lane in lanes if region in lane.regions)


def _reason(job: Waiting, largest: Mapping[str, int], owners: int, policy: FairShare) -> WaitsFor:
    if job.region not in largest:
        return WaitsFor.REGION
    if job.memory_mb > largest[job.region]:
        return WaitsFor.MEMORY
    return WaitsFor.QUOTA if owners >= policy.quota else WaitsFor.TURN
