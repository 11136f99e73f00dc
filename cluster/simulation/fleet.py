"""The simulated devices: groups that train packs, and a queue of denoising steps that replicas work off."""

import heapq
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from cluster.simulation.model import World
from governance.ids import JobId, SubjectId
from training.capacity import surplus
from training.queue import FairShare, Room, Waiting, width
from training.simulation import Arrival, Fleet

MOST_CANDIDATES = 200
REGION = "eu"
Chooser = Callable[[Sequence[Waiting], Room, FairShare], list[Waiting]]


@dataclass(slots=True)
class Group:
    """One device that trains: what is left of each job, in seconds of a device alone. Not `ready` while it starts."""

    left: dict[JobId, float] = field(default_factory=dict)
    at: float = 0.0
    turn: int = 0
    ready: bool = False


@dataclass(slots=True)
class Course:
    """How one job fares: `since` when it stands in the queue (None: it trains), `waited_s` in all, `done_s` after its
    arrival, `given_back` so often."""

    job: Arrival
    since: float | None
    waited_s: float = 0.0
    done_s: float | None = None
    given_back: int = 0

    def waits_s(self, now: float) -> float:
        """All its time in the queue until now."""
        return self.waited_s + (0.0 if self.since is None else now - self.since)


class Trainer:
    """All training groups. Jobs in a pack share the device; a group that leaves gives its jobs back, and each loses
    `resume_s` to being taken up elsewhere."""

    def __init__(self, world: World, rule: Chooser, policy: FairShare) -> None:
        self._world, self._rule, self._policy = world, rule, policy
        self._fleet = Fleet(slots=world.slots, gain=world.gain)
        self.groups: dict[str, Group] = {}
        self._by_load: list[dict[str, None]] = [{} for _ in range(world.slots + 1)]
        self._names = 0
        self._ends: list[tuple[float, int, str, int]] = []
        self._queue: dict[JobId, float] = {}
        self._used: dict[SubjectId, float] = {}
        self._running: dict[SubjectId, int] = {}
        self.courses: dict[JobId, Course] = {}
        self.finished = self.preempted = self.running = 0

    @property
    def queued(self) -> int:
        return len(self._queue)

    @property
    def busy(self) -> int:
        return sum(len(names) for names in self._by_load[1:])

    def arrive(self, job: Arrival) -> None:
        """It comes at its time: everything that ends before is over, and it starts now where there is room."""
        self.run(job.at)
        self.courses[job.id] = Course(job, job.at)
        self._queue[job.id] = job.gpu_seconds
        self._fill(job.at)

    def resize(self, wanted: int, room: int, now: float, start_s: float = 0.0) -> None:
        """Grows to what is wanted, lets idle groups go beyond it, and sends groups away, by the pool's own rule, when
        there is room for fewer. A new group takes jobs after `start_s`."""
        while len(self.groups) < min(wanted, room):
            self._start(now, start_s)
        for name in [*self._by_load[0]][: max(0, len(self.groups) - wanted)]:
            self._leave(name, now)
        if len(self.groups) > room:
            regions = dict.fromkeys(self.groups, REGION)
            jobs = {name: len(group.left) for name, group in self.groups.items()}
            for name in surplus(regions, {REGION: room}, jobs):
                self._leave(name, now)

    def run(self, now: float) -> None:
        """Everything that ends until `now`; whoever waits takes its place at once."""
        while self._ends and self._ends[0][0] <= now:
            at, _, name, turn = heapq.heappop(self._ends)
            group = self.groups.get(name)
            if group is not None and group.turn == turn:
                self._settle(name, group, at)
                self._schedule(name, group)
                self._fill(at)
        self._fill(now)

    def left_s(self, now: float) -> float:
        """Device seconds of work that are not done yet, waiting or not."""
        self.run(now)
        for name, group in self.groups.items():
            self._settle(name, group, now)
            self._schedule(name, group)
        return sum(self._queue.values()) + sum(sum(group.left.values()) for group in self.groups.values())

    def _start(self, now: float, start_s: float) -> None:
        self._names += 1
        name = f"group-{self._names}"
        group = self.groups[name] = Group(at=now, ready=start_s <= 0)
        if group.ready:
            self._by_load[0][name] = None
        else:
            heapq.heappush(self._ends, (now + start_s, self._names, name, group.turn))

    def _fill(self, now: float) -> None:
        while self._queue and (name := self._open()) is not None:
            group = self.groups[name]
            free = self._world.slots - len(group.left)
            room = Room(frozenset({REGION}), width(len(self._queue), len(self.groups), free), 1_000_000)
            chosen = self._rule(self._candidates(now), room, self._policy)
            if not chosen:
                return
            self._settle(name, group, now)
            for job in chosen:
                self._take(name, group, job.id, now)
            self._schedule(name, group)

    def _open(self) -> str | None:
        """A group with the most room."""
        return next((next(iter(names)) for names in self._by_load[:-1] if names), None)

    def _candidates(self, now: float) -> list[Waiting]:
        """The oldest, as the database hands them out."""
        jobs = [self.courses[id].job for id, _ in zip(self._queue, range(MOST_CANDIDATES), strict=False)]
        return [
            Waiting(
                job.id, job.owner, job.region, self._queue[job.id], job.memory_mb, now - job.at,
                owner_gpu_seconds=self._used.get(job.owner, 0.0), owner_running=self._running.get(job.owner, 0),
            )
            for job in jobs
        ]  # fmt: skip

    def _take(self, name: str, group: Group, id: JobId, now: float) -> None:
        course = self.courses[id]
        self._move(name, group, 1)
        group.left[id] = self._queue.pop(id)
        self._running[course.job.owner] = self._running.get(course.job.owner, 0) + 1
        course.waited_s, course.since = course.waits_s(now), None

    def _move(self, name: str, group: Group, by: int) -> None:
        """To the groups that train so many more. Call it before its pack changes."""
        self._by_load[len(group.left)].pop(name, None)
        self._by_load[len(group.left) + by][name] = None
        self.running += by

    def _settle(self, name: str, group: Group, now: float) -> None:
        since, group.at, group.turn = now - group.at, now, group.turn + 1
        if not group.ready:
            group.ready = True
            self._by_load[0][name] = None
        if not group.left or since <= 0:
            return
        done, share = since * self._fleet.rate(len(group.left)), since / len(group.left)
        for id in group.left:
            group.left[id] -= done
            owner = self.courses[id].job.owner
            self._used[owner] = self._used.get(owner, 0.0) + share
        for id in [id for id, left in group.left.items() if left <= 1e-6]:
            self._move(name, group, -1)
            del group.left[id]
            course = self.courses[id]
            self._running[course.job.owner] -= 1
            course.done_s = now - course.job.at
            self.finished += 1

    def _schedule(self, name: str, group: Group) -> None:
        group.turn += 1
        if group.left:
            lasts = min(group.left.values()) / self._fleet.rate(len(group.left))
            heapq.heappush(self._ends, (group.at + max(lasts, 1e-3), 0, name, group.turn))

    def _leave(self, name: str, now: float) -> None:
        group = self.groups[name]
        if group.ready:
            self._settle(name, group, now)
        del self.groups[name]
        self._by_load[len(group.left)].pop(name, None)
        self.preempted += len(group.left)
        self.running -= len(group.left)
        for id in group.left:
            course = self.courses[id]
            self._running[course.job.owner] -= 1
            course.since, course.given_back = now, course.given_back + 1
        back = {id: left + self._world.resume_s for id, left in group.left.items()}
        self._queue = back | self._queue


class Server:
    """Denoising steps, first come, first served, by however many replicas there are."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._queue: deque[tuple[float, float]] = deque()
        self.queued = 0.0
        self.arriving = 0.0
        self.done = 0.0
        self.waits: list[tuple[float, float]] = []

    @property
    def outstanding(self) -> float:
        """What the replicas say is still to run: what waits, and of what came lately the part that runs."""
        return self.queued + self.arriving * self._world.request_s

    def arrive(self, steps: float, at: float) -> None:
        """So many in the tick that begins at `at`, evenly."""
        self._queue.append((at, steps))
        self.queued += steps
        self.arriving = steps / self._world.tick_s

    def run(self, replicas: int, now: float) -> float:
        """One tick's work; the share of the replicas' time that was used."""
        tick_s = self._world.tick_s
        able = replicas * self._world.steps_per_s * tick_s
        left = able
        while self._queue and left > 0:
            at, steps = self._queue[0]
            taken = min(steps, left)
            # Half of what is taken has been served by then; half of what came with it had come before its like.
            served = now - tick_s + (able - left + taken / 2) / able * tick_s
            self.waits.append((max(0.0, served - at - tick_s / 2), taken))
            left -= taken
            if taken < steps:
                self._queue[0] = (at, steps - taken)
            else:
                self._queue.popleft()
        self.queued -= able - left
        self.done += able - left
        return (able - left) / able if able else 0.0
