"""The loop one pool worker runs: plain Python, so that Ray Train, a script or a test can run it alike.

    claim ─► read, encode, join ─► step step step ─► preview, score, seal ─► end
               (beside the steps)      │  ▲              (between the steps)
                                       ▼  │
                          report, obey STOP, seal a checkpoint

One step trains everybody in the pack. Whoever must go (canceled, erased, restricted, poisoned) goes before the next
step; the others do not notice.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from time import monotonic
from typing import Any

from governance.errors import GovernanceError
from governance.ids import JobId
from governance.model import ClaimedJob, JobOutcome, JobState
from training.active import ActiveJob, Stage
from training.desk import Desk
from training.errors import InvalidJob, LossDiverged, TooLarge
from training.finish import Finisher
from training.intake import Intake
from training.pack import OutOfMemory, Stepped
from training.progress import Due
from training.queue import Room

_LOG = logging.getLogger(__name__)
Fleet = Callable[[], Awaitable[int]]


async def alone() -> int:
    """A fleet of one worker."""
    return 1


class Worker:
    """Runs packs until told to leave or idle for long enough."""

    def __init__(self, desk: Desk, fleet: Fleet = alone) -> None:
        self._desk, self._fleet = desk, fleet
        self._intake, self._finisher = Intake(desk), Finisher(desk)
        self._jobs: dict[JobId, ActiveJob] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._claiming = self._leaving = False
        self._poll = Due(desk.settings.worker.poll_s)
        self._report = Due(desk.settings.worker.report_s)
        self._slots = desk.settings.worker.slots

    @property
    def jobs(self) -> tuple[ActiveJob, ...]:
        """What it works on now."""
        return tuple(self._jobs.values())

    async def run(self, leave: asyncio.Event) -> None:
        """Until `leave` is set (then every job is sealed and given back), or idle for the settings' `idle_s`."""
        idle_since = monotonic()
        try:
            while not leave.is_set():
                now = monotonic()
                self._look_around(now)
                stepped = await self._step()
                if self._jobs:
                    idle_since = now
                elif now - idle_since >= self._desk.settings.worker.idle_s:
                    break
                if not stepped:
                    await self._rest()
        finally:
            await self._retreat()

    async def _rest(self) -> None:
        """Nothing to step: wait for whatever is under way, at most until the next poll."""
        pause = min(self._desk.settings.worker.poll_s, 0.1 if self._tasks else 1.0)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=pause, return_when=asyncio.FIRST_COMPLETED)
        else:
            await asyncio.sleep(pause)

    def _beside(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _LOG.error("work beside the steps failed", exc_info=error)

    # ------------------------------------------------------------------------------------------------ in and out

    def _look_around(self, now: float) -> None:
        for job in [job for job in self._jobs.values() if job.stop and job.stage is Stage.TRAINING]:
            self._leave(job, self._desk.stopped(job))
        if self._report(now):
            self._desk.meter.gauge("training_pack_size", len(self._jobs))
            for job in self._jobs.values():
                self._beside(self._desk.heartbeat(job))
        if not self._claiming and len(self._jobs) < self._slots and self._poll(now):
            self._claiming = True
            self._beside(self._claim())

    def _leave(self, job: ActiveJob, ending: Coroutine[Any, Any, None]) -> None:
        """Out of the pack before the next step; the telling goes on beside it."""
        self._jobs.pop(job.id, None)
        self._desk.clear(job)
        self._beside(ending)

    async def _claim(self) -> None:
        try:
            used_mb = sum(self._desk.settings.cost.memory_mb(job.recipe) for job in self._jobs.values())
            worker = self._desk.settings.worker
            room = Room(worker.served, self._slots - len(self._jobs), worker.memory_mb - used_mb)
            for claimed in await self._intake.claim(room, await self._fleet(), self._jobs):
                await self._take(claimed)
        except GovernanceError as error:
            _LOG.info("no jobs can be taken now: %s", error.code)
        finally:
            self._claiming = False

    async def _take(self, claimed: ClaimedJob) -> None:
        try:
            job = self._intake.active(claimed)
        except InvalidJob as error:
            outcome = JobOutcome(JobState.FAILED, code=error.code)
            await self._desk.governance.finish_job(claimed.job.id, claimed.attempt, outcome)
            return
        if self._leaving:
            await self._desk.give_back(job, preempted=True)
            return
        self._jobs[job.id] = job
        self._beside(self._handle(job, self._intake.prepare(job, monotonic())))

    async def _handle(self, job: ActiveJob, work: Coroutine[Any, Any, None]) -> None:
        """Work on one job beside the steps. Whatever goes wrong is that job's trouble alone: it is given back, until
        it was tried too often."""
        try:
            await work
        except Exception as error:  # noqa: BLE001 - a boundary between people: one job's fault must not reach others
            _LOG.error("job %s is given back after %s", job.id, type(error).__name__, exc_info=error)
            await self._desk.give_back(job)
        finally:
            if job.stage is not Stage.TRAINING:
                self._jobs.pop(job.id, None)

    # ---------------------------------------------------------------------------------------------------- steps

    async def _step(self) -> bool:
        """One step of everybody; False when nobody is ready."""
        ready = [job for job in self._jobs.values() if job.stage is Stage.TRAINING]
        if not ready:
            return False
        began = monotonic()
        try:
            results = await self._desk.device.run(self._desk.pack.step)
        except OutOfMemory:
            self._make_room(ready)
            return True
        seconds = monotonic() - began
        samples = sum(job.recipe.batch for job in ready)
        self._desk.meter.count("training_steps")
        self._desk.meter.count("training_gpu_seconds", seconds)
        self._desk.meter.gauge("training_steps_per_second", samples / max(seconds, 1e-9))
        for job in ready:
            if job.id in results and job.stop is None:
                self._after_step(job, results[job.id], seconds, job.recipe.batch / samples)
        return True

    def _after_step(self, job: ActiveJob, result: Stepped, seconds: float, share: float) -> None:
        if not result.finite:
            self._diverged(job)
            return
        first = job.stepped_s is None
        job.stepped(result.step, result.loss, seconds, share)
        if first:
            # Who waits learns at once that it goes on.
            self._beside(self._desk.heartbeat(job))
        if result.done:
            job.stage = Stage.FINISHING
            self._beside(self._handle(job, self._finisher.finish(job)))
            return
        if not job.sealing and job.seal_due(monotonic(), job.step):
            job.sealing = True
            self._beside(self._checkpoint(job))
        if job.glimpse_due:
            job.glimpse = self._beside(self._finisher.glimpse(job))

    def _make_room(self, ready: list[ActiveJob]) -> None:
        """The device is full: the largest of the newest goes, and the pack stays smaller from now on."""
        newest = max(ready, key=lambda job: (self._desk.settings.cost.memory_mb(job.recipe), -job.step, job.id))
        self._slots = max(1, len(ready) - 1)
        self._desk.meter.count("training_expelled", tag="out_of_memory")
        ending = self._desk.fail(newest, TooLarge()) if len(ready) == 1 else self._desk.give_back(newest)
        self._leave(newest, ending)

    def _diverged(self, job: ActiveJob) -> None:
        """Once more from the last sealed checkpoint, in case the device erred; then the recipe is at fault."""
        if job.retries < self._desk.settings.worker.loss_retries and job.checkpoints and job.checkpoints.newest:
            job.retries += 1
            job.stage = Stage.PREPARING
            self._beside(self._handle(job, self._intake.rewind(job)))
        else:
            self._leave(job, self._desk.fail(job, LossDiverged()))

    # ---------------------------------------------------------------------------------------------- checkpoints

    async def _checkpoint(self, job: ActiveJob) -> None:
        """Seal what the job is now; one that cannot be sealed is tried again when it is due."""
        try:
            if job.checkpoints is None or job.stop is not None or job.stage is not Stage.TRAINING:
                return
            state = await self._desk.device.run(self._state, job)
            if not state:
                return
            try:
                await job.checkpoints.save(state, tuple(job.album.photos))
                self._desk.meter.count("training_checkpoints")
            finally:
                state[:] = bytes(len(state))
        except GovernanceError as error:
            _LOG.warning("no checkpoint of %s now: %s", job.id, error.code)
        finally:
            job.sealing = False

    def _state(self, job: ActiveJob) -> bytearray:
        return bytearray() if job.stop else self._desk.pack.checkpoint(job.id)

    async def _retreat(self) -> None:
        """Seal every job and give it back: this worker goes."""
        self._leaving = True
        for job in [job for job in self._jobs.values() if job.stage is Stage.TRAINING]:
            await self._checkpoint(job)
            self._leave(job, self._desk.give_back(job, preempted=True))
        while self._tasks:
            await asyncio.wait(self._tasks)
        for job in list(self._jobs.values()):
            await self._desk.give_back(job, preempted=True)
        self._jobs.clear()
