"""The pool's queue at scale, simulated with the real policy code: no cluster, no clock, the same answer every time.

Workers take packs, a pack of k jobs runs `speedup(k)` times as fast as one after the other, jobs come and go between
events. FIFO is simulated on the same workers; the offline bound is what no scheduler can beat: all work spread
perfectly over all workers from the moment it arrives.
"""

import heapq
import random
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from governance.ids import JobId, SubjectId
from training.queue import FairShare, Room, Waiting, choose

Chooser = Callable[[Sequence[Waiting], Room, FairShare], list[Waiting]]


@dataclass(frozen=True, slots=True)
class Arrival:
    """A job that comes at `at` (seconds) and needs `gpu_seconds` alone."""

    id: JobId
    owner: SubjectId
    at: float
    gpu_seconds: float
    region: str = "eu"
    memory_mb: int = 400


@dataclass(frozen=True, slots=True)
class Fleet:
    """`workers` alike; `gain`: how much faster a full pack is than one job at a time; `half_life_s` of use."""

    workers: int = 100
    slots: int = 8
    memory_mb: int = 8192
    gain: float = 4.0
    half_life_s: float = 3600.0

    def rate(self, packed: int) -> float:
        """GPU-seconds of one job's work done per second when `packed` jobs run together (1 for a single one)."""
        together = 1 + (self.gain - 1) * (packed - 1) / max(1, self.slots - 1)
        return together / packed


@dataclass(frozen=True, slots=True)
class Done:
    """One finished job: waited and finished, in seconds from its arrival."""

    job: Arrival
    waited_s: float
    finished_s: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """`utilisation`: worker-seconds with work in them over all, until the last arrival. `served`: GPU-seconds of work
    done for each account until then."""

    done: tuple[Done, ...]
    utilisation: float
    served: dict[SubjectId, float]
    makespan_s: float

    def waits(self, owners: frozenset[SubjectId] | None = None) -> list[float]:
        return sorted(done.waited_s for done in self.done if owners is None or done.job.owner in owners)


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` (0..1) of the sorted `values` lie."""
    return values[min(len(values) - 1, int(share * len(values)))]


def jain(values: Sequence[float]) -> float:
    """Jain's index: 1 when all are equal, 1/n when one has it all."""
    squares = sum(value * value for value in values)
    return sum(values) ** 2 / (len(values) * squares) if squares else 1.0


def entitled(demands: Mapping[SubjectId, float], total: float) -> dict[SubjectId, float]:
    """Max-min fair shares of `total`: nobody gets more than asked for, what is left is divided equally."""
    shares: dict[SubjectId, float] = {}
    left = total
    for number, (owner, demand) in enumerate(sorted(demands.items(), key=lambda item: (item[1], item[0]))):
        shares[owner] = min(demand, left / (len(demands) - number))
        left -= shares[owner]
    return shares


def fairness(arrivals: Sequence[Arrival], outcome: Outcome) -> float:
    """Jain's index of what each account got of its max-min fair share (1: everybody all of it)."""
    demands: dict[SubjectId, float] = defaultdict(float)
    for job in arrivals:
        demands[job.owner] += job.gpu_seconds
    shares = entitled(demands, sum(outcome.served.values()))
    return jain([min(1.0, outcome.served.get(owner, 0.0) / share) for owner, share in shares.items()])


def fifo(jobs: Sequence[Waiting], room: Room, _: FairShare) -> list[Waiting]:
    """The baseline: whoever waited longest."""
    return sorted(jobs, key=lambda job: (-job.waited_s, job.id))[: room.slots]


def offline_bound(arrivals: Sequence[Arrival], fleet: Fleet) -> float:
    """Seconds until all work can be done at the earliest by any scheduler."""
    capacity = fleet.workers * fleet.gain
    ordered = sorted(arrivals, key=lambda job: -job.at)
    left, bound = 0.0, 0.0
    for job in ordered:
        left += job.gpu_seconds
        bound = max(bound, job.at + left / capacity, job.at + job.gpu_seconds)
    return bound


def skewed(jobs: int, accounts: int, over_s: float, seed: int, skew: float = 1.2) -> list[Arrival]:
    """Arrivals in which few accounts send most jobs (Zipf) and lengths are log-normal around 40 GPU-seconds."""
    rng = random.Random(seed)
    owners = [SubjectId(f"sub_{number:032x}") for number in range(accounts)]
    weights = [1 / (number + 1) ** skew for number in range(accounts)]
    chosen = rng.choices(owners, weights, k=jobs)
    return [
        Arrival(JobId(f"job_{number:032x}"), owner, rng.uniform(0, over_s), 40 * rng.lognormvariate(0, 0.5))
        for number, owner in enumerate(chosen)
    ]


@dataclass(slots=True)
class _Worker:
    left: dict[Arrival, float] = field(default_factory=dict)
    at: float = 0.0
    turn: int = 0


class Simulation:
    """One run of arrivals over a fleet under one choosing rule."""

    def __init__(self, arrivals: Sequence[Arrival], fleet: Fleet, policy: FairShare, rule: Chooser = choose) -> None:
        self._fleet, self._policy, self._rule = fleet, policy, rule
        self._arrivals = sorted(arrivals, key=lambda job: (job.at, job.id))
        self._last_arrival = self._arrivals[-1].at
        self._workers = [_Worker() for _ in range(fleet.workers)]
        self._queue: dict[JobId, Arrival] = {}
        self._running: dict[SubjectId, int] = defaultdict(int)
        self._use: dict[SubjectId, tuple[float, float]] = {}
        self._done: list[Done] = []
        self._started: dict[JobId, float] = {}
        self._served: dict[SubjectId, float] = defaultdict(float)
        self._busy = 0.0

    def run(self) -> Outcome:
        """Event by event until everything is done."""
        events: list[tuple[float, int, int, int]] = [
            (job.at, 0, number, 0) for number, job in enumerate(self._arrivals)
        ]
        heapq.heapify(events)
        now = 0.0
        while events:
            now, kind, number, turn = heapq.heappop(events)
            if kind == 0:
                job = self._arrivals[number]
                self._queue[job.id] = job
                worker = min(range(len(self._workers)), key=lambda index: len(self._workers[index].left))
            else:
                worker = number
                if self._workers[worker].turn != turn:
                    continue
            self._settle(worker, now)
            if self._queue and len(self._workers[worker].left) < self._fleet.slots:
                self._fill(worker, now)
            self._schedule(worker, now, events)
        horizon = self._last_arrival * self._fleet.workers
        used = min(1.0, self._busy / horizon) if horizon else 1.0
        return Outcome(tuple(self._done), used, dict(self._served), now)

    def _settle(self, index: int, now: float) -> None:
        """Bring one worker's pack up to `now`."""
        worker = self._workers[index]
        since, worker.at, worker.turn = now - worker.at, now, worker.turn + 1
        if not worker.left or since <= 0:
            return
        progress = since * self._fleet.rate(len(worker.left))
        counted = max(0.0, min(now, self._last_arrival) - (now - since))
        self._busy += counted
        for job in list(worker.left):
            worker.left[job] -= progress
            self._charge(job.owner, since / len(worker.left), now)
            self._served[job.owner] += progress * counted / since
        for job in [job for job, left in worker.left.items() if left <= 1e-9]:
            del worker.left[job]
            self._running[job.owner] -= 1
            self._done.append(Done(job, self._started[job.id] - job.at, now - job.at))

    def _charge(self, owner: SubjectId, seconds: float, now: float) -> None:
        self._use[owner] = (self._used(owner, now) + seconds, now)

    def _used(self, owner: SubjectId, now: float) -> float:
        used, at = self._use.get(owner, (0.0, now))
        return used * float(0.5 ** ((now - at) / self._fleet.half_life_s))

    def _fill(self, index: int, now: float) -> None:
        worker = self._workers[index]
        free_mb = self._fleet.memory_mb - sum(job.memory_mb for job in worker.left)
        room = Room(frozenset({"eu"}), self._fleet.slots - len(worker.left), free_mb)
        waiting = [self._waiting(job, now) for job in self._queue.values()]
        for chosen in self._rule(waiting, room, self._policy):
            job = self._queue.pop(chosen.id)
            worker.left[job] = job.gpu_seconds
            self._started[job.id] = now
            self._running[job.owner] += 1

    def _waiting(self, job: Arrival, now: float) -> Waiting:
        return Waiting(
            job.id,
            job.owner,
            job.region,
            job.gpu_seconds,
            job.memory_mb,
            now - job.at,
            owner_gpu_seconds=self._used(job.owner, now),
            owner_running=self._running[job.owner],
        )

    def _schedule(self, index: int, now: float, events: list[tuple[float, int, int, int]]) -> None:
        worker = self._workers[index]
        if worker.left:
            lasts = min(worker.left.values()) / self._fleet.rate(len(worker.left))
            heapq.heappush(events, (now + max(lasts, 1e-6), 1, index, worker.turn))
