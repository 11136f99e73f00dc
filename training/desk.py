"""What one worker works with, and how a job leaves it: failed, stopped, dropped or given back.

Whoever ends a job first frees its slot and zeroes its tensors, then releases its holdings, then tells governance, so
that nothing told is still in memory here.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import TypeVar

from governance.api import Governance
from governance.errors import GovernanceError, Unavailable
from governance.holder import Holder
from governance.model import Job, JobOutcome, JobSignal, JobState, RunState
from training.active import ActiveJob, Stage, Stop
from training.config import TrainingSettings
from training.device import Device
from training.errors import TrainingError
from training.handover import Nobody, Receiver
from training.metrics import Meter
from training.pack import Pack
from training.progress import Pace
from training.scoring import Scorer

_LOG = logging.getLogger(__name__)
_ENDINGS = {JobState.FAILED: RunState.FAILED, JobState.CANCELED: RunState.CANCELED}
T = TypeVar("T")


@dataclass(frozen=True)
class Desk:
    """One worker's collaborators; `finishing`: seconds from a job's last step to its end, learned as they come."""

    name: str
    governance: Governance
    holder: Holder
    pack: Pack
    device: Device
    scorer: Scorer | None
    meter: Meter
    settings: TrainingSettings
    receiver: Receiver = field(default_factory=Nobody)
    finishing: Pace = field(default_factory=Pace)

    @property
    def finish_s(self) -> float:
        """What finishing a job is expected to take."""
        return self.settings.cost.fixed_s if self.finishing.step_s is None else self.finishing.step_s

    def clear(self, job: ActiveJob) -> None:
        """Zero everything of the job here, at once and from any thread."""
        self.device.now(self.pack.leave, job.id)
        job.album.wipe()

    def drop(self, job: ActiveJob) -> None:
        """The callback of its holdings: erased, restricted, or the lease is lost."""
        job.stop = Stop.DROPPED
        self.clear(job)

    async def release(self, job: ActiveJob) -> None:
        """Zero everything of the job here, its photos too."""
        job.stage = Stage.ENDED
        await self.device.run(self.clear, job)
        held, job.album.held = job.album.held, []
        for id, buffer in held:
            await self.holder.release(id, buffer)

    async def fail(self, job: ActiveJob, error: TrainingError | GovernanceError) -> None:
        """The job ends here with a reason of its own; its pack-mates go on."""
        _LOG.warning("job %s failed after step %d: %s", job.id, job.step, error.code)
        self.meter.count("training_expelled", tag=error.code)
        await self.end(job, JobOutcome(JobState.FAILED, code=error.code))

    async def give_back(self, job: ActiveJob, preempted: bool = False) -> None:
        """Another worker goes on from the last sealed checkpoint. It has one try less, unless it was `preempted`."""
        await self.end(job, JobOutcome(JobState.QUEUED, preempted=preempted))

    async def end(self, job: ActiveJob, outcome: JobOutcome) -> Job | None:
        """Leave, then tell governance; None when the job was not this attempt's any more."""
        await self.release(job)
        self.meter.count("training_jobs", tag=outcome.state)
        self.meter.observe("training_job_s", monotonic() - job.began_s)
        try:
            ended = await patiently(lambda: self.governance.finish_job(job.id, job.attempt, outcome))
        except GovernanceError as error:
            _LOG.info("job %s was not ours to end: %s", job.id, error.code)
            return None
        if outcome.state in _ENDINGS:
            await self._close(job, _ENDINGS[outcome.state])
        return ended

    async def _close(self, job: ActiveJob, outcome: RunState) -> None:
        try:
            if job.run is not None:
                await self.governance.finish_run(job.run, outcome)
            if job.checkpoints is not None:
                await job.checkpoints.clear()
        except GovernanceError as error:
            _LOG.info("the run of %s is left to its deadline: %s", job.id, error.code)

    async def stopped(self, job: ActiveJob) -> None:
        """After a STOP the job is canceled, or another's; after a drop it waits for governance to decide."""
        state = JobState.CANCELED if job.stop is Stop.SIGNAL else JobState.QUEUED
        await self.end(job, JobOutcome(state))

    async def heartbeat(self, job: ActiveJob) -> None:
        """Report; a STOP, or that the job is gone, stops it before its next step."""
        report = job.take_report(self.finish_s)
        try:
            signal = await self.governance.report_job(job.id, job.attempt, report)
        except Unavailable:
            job.used_s += report.gpu_seconds
            return
        except GovernanceError as error:
            _LOG.info("job %s stops: %s", job.id, error.code)
            job.stop = job.stop or Stop.SIGNAL
            return
        if signal is JobSignal.STOP:
            job.stop = job.stop or Stop.SIGNAL


async def patiently(call: Callable[[], Awaitable[T]], for_s: float = 10.0) -> T:
    """The call's answer, asked again while governance cannot answer, for so many seconds. Raises what it raises."""
    ends = monotonic() + for_s
    while True:
        try:
            return await call()
        except Unavailable as error:
            if monotonic() + error.retry_after_s >= ends:
                raise
            await asyncio.sleep(error.retry_after_s)
