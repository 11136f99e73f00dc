"""From the queue to the pack: claim what the fair order gives, read it through the gate, encode it, take a slot."""

import hashlib
import logging
from collections.abc import Collection

from governance.clock import Clock, utc_now
from governance.errors import GovernanceError, Unavailable
from governance.ids import JobId
from governance.model import ClaimedJob, Job, NewRun, Purpose, RunId
from training.active import ActiveJob, Stage
from training.album import read_album
from training.candidates import MOST_CANDIDATES, waiting
from training.checkpoints import Checkpoints
from training.desk import Desk
from training.errors import InvalidJob, JobFailed, LossDiverged, TooManyTries
from training.jobs import Recipe
from training.presets import recipe_for
from training.progress import Due
from training.queue import Room, choose, width

_LOG = logging.getLogger(__name__)


def seed_of(id: JobId, recipe: Recipe) -> int:
    """The recipe's seed, or one of the job's own: the same on every worker that takes it over."""
    return recipe.seed or int.from_bytes(hashlib.sha256(id.encode()).digest()[:7], "big") + 1


class Intake:
    """The way of a job into one worker's pack."""

    def __init__(self, desk: Desk, clock: Clock = utc_now) -> None:
        self._desk, self._clock = desk, clock

    async def claim(self, room: Room, workers: int = 1, here: Collection[JobId] = ()) -> list[ClaimedJob]:
        """The jobs that the fair order gives to this worker now; fewer when others were quicker. One that is still
        `here` was queued again because this worker was silent for long: it is taken once it has left."""
        queued = await self._desk.governance.job_candidates(MOST_CANDIDATES)
        candidates = [one for one in queued if one.id not in here]
        if not candidates:
            return []
        now, fair = self._clock(), self._desk.settings.fair
        most = width(len(candidates), workers, room.slots)
        chosen = choose([waiting(one, now) for one in candidates], room, fair, most)
        if not chosen:
            return []
        ids = [job.id for job in chosen]
        return list(await self._desk.governance.claim_jobs(self._desk.name, len(ids), ids=ids, quota=fair.quota))

    def active(self, claimed: ClaimedJob) -> ActiveJob:
        """A claimed job with its recipe. `InvalidJob` when the request cannot be trained here."""
        job = claimed.job
        recipe = recipe_for(self._desk.settings.base.family, job.preset, job.params)
        recipe = recipe.with_params(
            {"resolution": recipe.resolution or self._desk.pack.side, "seed": seed_of(job.id, recipe)}
        )
        if recipe.rank > self._desk.settings.worker.max_rank:
            raise InvalidJob(f"rank: at most {self._desk.settings.worker.max_rank} on this pool")
        worker = self._desk.settings.worker
        return ActiveJob(claimed, recipe, Due(worker.checkpoint_s, worker.checkpoint_steps))

    async def prepare(self, job: ActiveJob, now_s: float) -> None:
        """Until the job stands in the pack. Ends it with a reason when it cannot."""
        try:
            await self._prepare(job)
            if job.stop is not None:
                await self._desk.stopped(job)
                return
            job.seal_due.start(now_s, job.step)
            job.stage = Stage.TRAINING
        except Unavailable:
            await self._desk.give_back(job)
        except (JobFailed, GovernanceError) as error:
            await (self._desk.stopped(job) if job.stop else self._desk.fail(job, error))

    async def _prepare(self, job: ActiveJob) -> None:
        desk = self._desk
        if job.claimed.tries > desk.settings.fair.most_tries:
            raise TooManyTries()
        job.run = await self._run(job.claimed.job)
        await desk.heartbeat(job)
        job.checkpoints = Checkpoints(desk.governance, desk.holder, job.claimed.job, job.run)
        inputs, side = job.claimed.job.inputs, job.recipe.resolution
        await read_album(desk.governance, desk.holder, inputs, side, lambda: desk.drop(job), job.album)
        state = await job.checkpoints.read() if job.attempt > 1 else None
        if job.stop is None:
            job.step = await desk.device.run(self._join, job, state)
        if state is not None:
            state[:] = bytes(len(state))

    async def rewind(self, job: ActiveJob) -> None:
        """Back into the pack from the last sealed checkpoint; ends the job when that cannot be."""
        assert job.checkpoints is not None
        try:
            state = await job.checkpoints.read()
            if state is None:
                raise LossDiverged()
            job.step = await self._desk.device.run(self._join, job, state)
            state[:] = bytes(len(state))
        except (JobFailed, GovernanceError):
            await (self._desk.stopped(job) if job.stop else self._desk.fail(job, LossDiverged()))
            return
        job.curve.rewind(job.step)
        job.stage = Stage.TRAINING

    def _join(self, job: ActiveJob, state: bytearray | None) -> int:
        """On the device thread, where a drop cannot come in between."""
        if job.stop is not None:
            return 0
        captions = [caption or self._desk.settings.base.instance_prompt for caption in job.album.captions]
        return self._desk.pack.join(job.id, job.recipe, job.album.pixels, captions, state)

    async def _run(self, job: Job) -> RunId:
        """The job's run, the same over all its attempts, so that checkpoints are found again."""
        if job.run is not None:
            return job.run
        new = NewRun(Purpose.TRAINING, (job.owner,), job.inputs)
        return (await self._desk.governance.start_run(new)).id
