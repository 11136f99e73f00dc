"""The training pool: a detached Ray actor that keeps worker groups alive while there is work.

It owns no job and keeps nothing that is not in PostgreSQL: workers take jobs by themselves, so the pool may be killed
and started again at any time. It decides how many groups there are, times out jobs that nobody can take, and knows
position and end of every waiting job.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Any
from uuid import uuid4

import ray
from ray.actor import ActorHandle
from ray.exceptions import RayError

from governance.client import GovernanceClient
from governance.clock import utc_now
from governance.config import GovernanceSettings
from governance.errors import GovernanceError
from governance.ids import JobId
from governance.model import JobOutcome, JobState
from governance.placement import placement
from training.candidates import MOST_CANDIDATES, waiting
from training.capacity import Beat, Orders, lanes, lanes_of_group, plan, surplus, wanted_by_region
from training.config import TrainingSettings
from training.errors import TimedOut
from training.foresight import Foresight
from training.group import GroupName, fit
from training.queue import Forecast, Lane, Waiting, overdue
from training.ray_meter import RayMeter

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PoolStatus:
    """For operators: ids and numbers only. `forecasts` by job id; `wanted`: groups each region has work for."""

    groups: tuple[GroupName, ...]
    workers: tuple[Beat, ...]
    queued: int
    forecasts: Mapping[JobId, Forecast]
    wanted: Mapping[str, int] = field(default_factory=dict)


class TrainingPool:
    """The actor. All its calls are short; groups run beside them in threads."""

    def __init__(self, settings: TrainingSettings, governance: GovernanceSettings) -> None:
        self._settings, self._known = settings, governance
        self._governance = GovernanceClient.connect()
        self._groups: dict[GroupName, asyncio.Task[None]] = {}
        self._coming: dict[GroupName, float] = {}
        self._foresight = Foresight(settings.fair)
        self._rests: dict[str, float] = {}
        self._beats: dict[str, tuple[float, Beat]] = {}
        self._queue: list[Waiting] = []
        self._meter = RayMeter("pool")
        self._leaving = False
        self._allowed: Mapping[str, int] | None = None
        self._retiring: frozenset[str] = frozenset()
        # Ray runs this on the actor's event loop. Restarted after a crash, nobody may be left to ask for it.
        self._keeping = asyncio.get_running_loop().create_task(self._keep())

    async def start(self) -> None:
        """Answers once the pool looks after its groups."""

    async def governance_settings(self) -> GovernanceSettings:
        """For the workers, so that it does not stand in a Ray Train configuration."""
        return self._known

    async def beat(self, beat: Beat) -> Orders:
        """A worker is alive."""
        self._beats[beat.worker] = (monotonic(), beat)
        self._arrived(beat.group)
        return Orders(self._leaving or beat.group in self._retiring, max(1, len(self._alive())))

    async def allow(self, groups: Mapping[str, int]) -> None:
        """How many groups each region may have from now on; those above it seal their jobs and leave."""
        await self.start()
        self._allowed = dict(groups)
        jobs: Counter[str] = Counter()
        for beat in self._alive():
            jobs[beat.group] += len(beat.seconds_left)
        regions = {group.name: group.region for group in self._groups}
        self._retiring = frozenset(surplus(regions, self._allowed, jobs, self._retiring))

    async def left(self, worker: str) -> None:
        """A worker has ended."""
        self._beats.pop(worker, None)

    async def status(self) -> PoolStatus:
        """What runs and what waits, and until when."""
        beats = self._alive()
        answers = self._foresight.foresee(self._queue, self._lanes(beats))
        needed = wanted_by_region(self._queue, beats, self._settings)
        return PoolStatus(tuple(self._groups), tuple(beats), len(self._queue), answers, needed)

    async def stop(self, within_s: float = 30.0) -> bool:
        """Every job is sealed and given back, every group ends; True when that is done."""
        self._leaving = True
        running = list(self._groups.values())
        if running:
            await asyncio.wait(running, timeout=within_s)
        return not self._groups

    def _arrived(self, group: str) -> None:
        for name in [name for name in self._coming if name.name == group]:
            self._foresight.started(monotonic() - self._coming.pop(name))

    def _lanes(self, beats: list[Beat]) -> list[Lane]:
        """Those of the workers that run, and of the groups that are being started."""
        found, now = lanes(beats, self._settings), monotonic()
        for group, since in self._coming.items():
            found += self._foresight.coming([now - since], lanes_of_group(group.region, self._settings))
        return found

    async def _foretell(self) -> None:
        """Write what changed of the places and times of those who wait."""
        beats = self._alive()
        self._foresight.notice(self._queue, beats)
        answers = self._foresight.foresee(self._queue, self._lanes(beats))
        news = self._foresight.news(answers, utc_now())
        if news:
            await self._governance.forecast_jobs(news)

    def _alive(self) -> list[Beat]:
        now = monotonic()
        self._beats = {name: seen for name, seen in self._beats.items() if now - seen[0] < self._settings.pool.silent_s}
        return [beat for _, beat in self._beats.values()]

    async def _keep(self) -> None:
        while not self._leaving:
            try:
                await self._look()
            except GovernanceError as error:
                _LOG.info("the queue cannot be read now: %s", error.code)
            except Exception:  # noqa: BLE001 - nobody else starts groups: a look that failed must not be the last
                _LOG.exception("looking at the queue failed")
            await asyncio.sleep(self._settings.pool.poll_s)

    async def _look(self) -> None:
        now = utc_now()
        self._queue = [waiting(one, now) for one in await self._governance.job_candidates(MOST_CANDIDATES)]
        for job in overdue(self._queue, self._settings.fair):
            await self._time_out(job)
        regions = [group.region for group in self._groups]
        for region in plan(self._queue, regions, self._alive(), self._settings, self._allowed).start:
            if not self._leaving and monotonic() >= self._rests.get(region, 0.0):
                self._start_group(region)
        await self._foretell()
        self._meter.gauge("training_queued", len(self._queue))
        self._meter.gauge("training_groups", len(self._groups))
        self._meter.gauge("training_oldest_wait_s", max((job.waited_s for job in self._queue), default=0.0))

    async def _time_out(self, job: Waiting) -> None:
        for claimed in await self._governance.claim_jobs("admission", 1, ids=[job.id]):
            outcome = JobOutcome(JobState.FAILED, code=TimedOut.code)
            await self._governance.finish_job(claimed.job.id, claimed.attempt, outcome)
            self._meter.count("training_jobs", tag=TimedOut.code)

    def _start_group(self, region: str) -> None:
        group = GroupName(f"{self._settings.pool.name}-{uuid4().hex[:8]}", region)
        self._coming[group] = monotonic()
        self._groups[group] = asyncio.create_task(self._run_group(group))

    async def _run_group(self, group: GroupName) -> None:
        try:
            await asyncio.to_thread(fit, group, self._settings)
        except Exception as error:  # noqa: BLE001 - Ray Train raises what a worker raised; the group is started anew
            _LOG.error("group %s ended with %s", group.name, type(error).__name__)
            self._rests[group.region] = monotonic() + self._settings.pool.backoff_s
        finally:
            self._groups.pop(group, None)
            self._coming.pop(group, None)
            self._beats = {name: seen for name, seen in self._beats.items() if seen[1].group != group.name}


def start_pool(
    training: TrainingSettings, governance: GovernanceSettings, labels: Mapping[str, str] | None = None
) -> ActorHandle[Any]:
    """The named, detached, restarting actor; one that stands already is found, not doubled. `labels`: see
    `placement`."""
    pool = training.pool
    actor = ray.remote(TrainingPool).options(
        name=pool.name,
        namespace=pool.namespace,
        lifetime="detached",
        get_if_exists=True,
        max_restarts=-1,
        max_concurrency=1000,
        num_cpus=0,
        runtime_env={"env_vars": pool.environment()},
        **placement(labels),
    )
    handle: ActorHandle[Any] = actor.remote(training, governance)
    ray.get(handle.start.remote())
    return handle


def stop_pool(training: TrainingSettings, within_s: float = 30.0) -> bool:
    """Give back all jobs, end all groups and the actor; True when all of it ended in time or nothing was there."""
    try:
        handle = ray.get_actor(training.pool.name, training.pool.namespace)
    except ValueError:
        return True
    try:
        ended = bool(ray.get(handle.stop.remote(within_s), timeout=within_s + 5))
    except RayError:
        ended = False
    ray.kill(handle)
    return ended
