"""The simulated devices: groups that train packs, and a queue of denoising steps that replicas work off."""

import heapq
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from cluster.simulation.model import World
from governance.ids import JobId, SubjectId
from training.queue import FairShare, Room, Waiting
from training.simulation import Arrival

MOST_CANDIDATES = 200
Chooser = Callable[[Sequence[Waiting], Room, FairShare], list[Waiting]]


@dataclass(slots=True)
class Group:
    """One device that trains: what is left of each job, in seconds of a device alone."""

    left: dict[Arrival, float] = field(default_factory=dict)
    at: float = 0.0
    turn: int = 0


class Trainer:
    """All training groups. Jobs in a pack share the device; a group that leaves gives its jobs back as they are."""

    def __init__(self, world: World, rule: Chooser, policy: FairShare) -> None:
        self._world, self._rule, self._policy = world, rule, policy
        self.groups: dict[int, Group] = {}
        self._names = 0
        self._ends: list[tuple[float, int, int]] = []
        self._queue: dict[Arrival, float] = {}
        self._since: dict[Arrival, float] = {}
        self._used: dict[SubjectId, float] = {}
        self._running: dict[SubjectId, int] = {}
        self.waits: list[float] = []
        self.owners: dict[SubjectId, list[float]] = {}
        self.finished = 0
        self.preempted = 0
        self._seen: set[Arrival] = set()
        self._known: dict[JobId, Arrival] = {}

    @property
    def queued(self) -> int:
        return len(self._queue)

    @property
    def running(self) -> int:
        return sum(len(group.left) for group in self.groups.values())

    @property
    def busy(self) -> int:
        return sum(bool(group.left) for group in self.groups.values())

    def arrive(self, job: Arrival) -> None:
        self._queue[job] = job.gpu_seconds
        self._since[job] = job.at

    def resize(self, wanted: int, room: int, now: float) -> None:
        """Grows to what is wanted, lets idle groups go beyond it, and sends groups away, the emptiest first, when there
        is room for fewer."""
        while len(self.groups) < min(wanted, room):
            self._names += 1
            self.groups[self._names] = Group(at=now)
        idle = [name for name, group in self.groups.items() if not group.left]
        for name in idle[: max(0, len(self.groups) - wanted)]:
            self._leave(name, now)
        surplus = len(self.groups) - room
        if surplus > 0:
            for name in heapq.nsmallest(surplus, self.groups, key=lambda name: len(self.groups[name].left)):
                self._leave(name, now)

    def run(self, now: float) -> None:
        """Everything that ends until `now`, then free slots are filled."""
        freed = set()
        while self._ends and self._ends[0][0] <= now:
            at, name, turn = heapq.heappop(self._ends)
            group = self.groups.get(name)
            if group is not None and group.turn == turn:
                self._settle(group, at)
                self._schedule(name, group)
                freed.add(name)
        self._fill(now)

    def _fill(self, now: float) -> None:
        if not self._queue:
            return
        open_ = [name for name, group in self.groups.items() if len(group.left) < self._world.slots]
        for name in sorted(open_, key=lambda name: len(self.groups[name].left)):
            if not self._queue:
                return
            group = self.groups[name]
            share = max(1, -(-len(self._queue) // max(1, len(open_))))
            room = Room(frozenset({"eu"}), min(self._world.slots - len(group.left), share), 1_000_000)
            self._settle(group, now)
            for chosen in self._rule(self._candidates(now), room, self._policy):
                self._take(group, self._known[chosen.id], now)
            self._schedule(name, group)

    def _candidates(self, now: float) -> list[Waiting]:
        """The oldest, as the database hands them out."""
        jobs = [job for job, _ in zip(self._queue, range(MOST_CANDIDATES), strict=False)]
        self._known = {job.id: job for job in jobs}
        return [
            Waiting(
                job.id, job.owner, job.region, self._queue[job], job.memory_mb, now - job.at,
                owner_gpu_seconds=self._used.get(job.owner, 0.0), owner_running=self._running.get(job.owner, 0),
            )
            for job in jobs
        ]  # fmt: skip

    def _take(self, group: Group, job: Arrival, now: float) -> None:
        group.left[job] = self._queue.pop(job)
        self._running[job.owner] = self._running.get(job.owner, 0) + 1
        if job not in self._seen:
            self._seen.add(job)
            waited = now - job.at
            self.waits.append(waited)
            self.owners.setdefault(job.owner, []).append(waited)

    def _rate(self, packed: int) -> float:
        together = 1 + (self._world.gain - 1) * (packed - 1) / max(1, self._world.slots - 1)
        return together / packed

    def _settle(self, group: Group, now: float) -> None:
        since, group.at, group.turn = now - group.at, now, group.turn + 1
        if not group.left or since <= 0:
            return
        done = since * self._rate(len(group.left))
        for job in list(group.left):
            group.left[job] -= done
            self._used[job.owner] = self._used.get(job.owner, 0.0) + since / len(group.left)
        for job in [job for job, left in group.left.items() if left <= 1e-6]:
            del group.left[job]
            self._running[job.owner] -= 1
            self.finished += 1

    def _schedule(self, name: int, group: Group) -> None:
        group.turn += 1
        if group.left:
            lasts = min(group.left.values()) / self._rate(len(group.left))
            heapq.heappush(self._ends, (group.at + max(lasts, 1e-3), name, group.turn))

    def _leave(self, name: int, now: float) -> None:
        group = self.groups.pop(name)
        self._settle(group, now)
        back = dict(group.left)
        self.preempted += len(back)
        for job in back:
            self._running[job.owner] -= 1
        self._queue = back | self._queue


class Server:
    """Denoising steps, first come, first served, by however many replicas there are."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._queue: deque[tuple[float, float]] = deque()
        self.queued = 0.0
        self.done = 0.0
        self.waits: list[tuple[float, float]] = []

    def arrive(self, steps: float, at: float) -> None:
        self._queue.append((at, steps))
        self.queued += steps

    def run(self, replicas: int, now: float) -> float:
        """One tick's work; the share of the replicas' time that was used."""
        able = replicas * self._world.steps_per_s * self._world.tick_s
        left = able
        while self._queue and left > 0:
            at, steps = self._queue[0]
            taken = min(steps, left)
            left -= taken
            # Somebody who came in this tick waited for none.
            self.waits.append((max(0.0, now - self._world.tick_s - at), taken))
            if taken < steps:
                self._queue[0] = (at, steps - taken)
            else:
                self._queue.popleft()
        self.queued -= able - left
        self.done += able - left
        return (able - left) / able if able else 0.0
