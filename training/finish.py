"""After the last step: previews, identity score, the sealed adapter, the report, the end of the job."""

import asyncio
import logging
from dataclasses import dataclass, field
from time import monotonic

import numpy as np

from governance.errors import GovernanceError, Unavailable
from governance.model import ArtifactId, JobOutcome, JobState, Kind, NewArtifact, Purpose, RunState
from training.active import ActiveJob
from training.album import Pixels
from training.checkpoints import artifacts_of_run, erase_quietly
from training.desk import Desk, patiently
from training.errors import Unlike
from training.report import ReportFacts, png, render

_LOG = logging.getLogger(__name__)


@dataclass(slots=True)
class Finished:
    """What a finished job has to show, in memory only. `previews`: uint8 [n, height, width, 3]."""

    adapter: bytearray
    previews: Pixels
    score: float | None
    written: list[ArtifactId] = field(default_factory=list)

    def wipe(self) -> None:
        self.adapter[:] = bytes(len(self.adapter))
        self.previews.fill(0)


class Finisher:
    """Ends jobs that were trained to their last step."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._handing: set[asyncio.Task[None]] = set()

    async def finish(self, job: ActiveJob) -> None:
        """Exactly one attempt's result counts: whoever comes late erases what it wrote."""
        done: Finished | None = None
        began = monotonic()
        self._desk.receiver.expect()
        try:
            done = await self._look(job)
            await self._seal(job, done)
            self._desk.finishing.add(monotonic() - began)
        except Unavailable:
            await self._desk.give_back(job)
        except GovernanceError as error:
            await (self._desk.stopped(job) if job.stop else self._desk.fail(job, error))
        finally:
            if done is not None:
                done.wipe()

    async def glimpse(self, job: ActiveJob) -> None:
        """Previews on the way, artifacts like any other. The job trains on between their denoising steps, so a picture
        shows the adapter as it was at about this time."""
        pictures = await self.previews(job)
        try:
            for one in pictures:
                if job.stop is None:
                    await self._write(job, Kind.PREVIEW, png(one))
        except GovernanceError as error:
            _LOG.info("no previews of %s now: %s", job.id, error.code)
        finally:
            pictures.fill(0)

    async def _look(self, job: ActiveJob) -> Finished:
        if job.glimpse is not None:
            await asyncio.wait({job.glimpse})
        adapter = await self._desk.device.run(self._export, job)
        previews = await self.previews(job)
        scorer = self._desk.scorer
        score = None
        if scorer is not None and len(previews) and job.stop is None:
            score = await self._desk.device.run(scorer.score, job.album.pixels, previews)
        return Finished(adapter, previews, score)

    def _export(self, job: ActiveJob) -> bytearray:
        return bytearray() if job.stop else self._desk.pack.export(job.id)

    async def previews(self, job: ActiveJob) -> Pixels:
        """Pictures by the adapter as it is now; pack-mates take their steps in between."""
        device, pack, how = self._desk.device, self._desk.pack, self._desk.settings.preview
        steps = pack.sample(job.id, how.prompts, how.steps, how.guidance, job.recipe.seed)
        more = bool(how.prompts)
        while more and job.stop is None:
            more = await device.run(next, steps, _END) is not _END
        if job.stop is not None or not how.prompts:
            return np.zeros((0, job.recipe.resolution, job.recipe.resolution, 3), np.uint8)
        return await device.run(pack.take_pictures, job.id)

    async def _seal(self, job: ActiveJob, done: Finished) -> None:
        if job.stop is not None:
            await self._desk.stopped(job)
            return
        if done.score is not None and done.score < job.recipe.min_identity:
            await self._write_pictures(job, done)
            await self._desk.fail(job, Unlike())
            return
        result, sealed = await self._write_sealed(job, Kind.ADAPTER, done.adapter)
        done.written.append(result)
        self._hand_over(result, sealed)
        await self._write_pictures(job, done)
        ended = await self._desk.end(job, JobOutcome(JobState.SUCCEEDED, result=result))
        if ended is None or ended.result != result:
            for id in done.written:
                await erase_quietly(self._desk.governance, id)
            return
        await self._tidy(job, result)

    async def _write_pictures(self, job: ActiveJob, done: Finished) -> None:
        for one in done.previews:
            done.written.append(await self._write(job, Kind.PREVIEW, png(one)))
        done.written.append(await self._write(job, Kind.REPORT, render(self._facts(job, done))))

    async def _write(self, job: ActiveJob, kind: Kind, data: bytes | bytearray) -> ArtifactId:
        id, _ = await self._write_sealed(job, kind, data)
        return id

    async def _write_sealed(self, job: ActiveJob, kind: Kind, data: bytes | bytearray) -> tuple[ArtifactId, bytes]:
        """Its id, and the bytes as they lie in storage."""
        new = NewArtifact(kind, (job.claimed.job.owner,), Purpose.TRAINING, tuple(job.album.photos), job.run)
        artifact, sealed = await patiently(lambda: self._desk.holder.write_sealed(new, data))
        return artifact.id, sealed

    def _hand_over(self, adapter: ArtifactId, sealed: bytes) -> None:
        """Beside what is still to be written; the job's end waits for nobody."""
        task = asyncio.create_task(self._offer(adapter, sealed))
        self._handing.add(task)
        task.add_done_callback(self._handing.discard)

    async def _offer(self, adapter: ArtifactId, sealed: bytes) -> None:
        taken = await self._desk.receiver.offer(adapter, sealed)
        self._desk.meter.count("training_handed_over", tag="taken" if taken else "refused")

    def _facts(self, job: ActiveJob, done: Finished) -> ReportFacts:
        recipe = job.recipe
        table = [
            ("Steps", str(job.step)),
            ("Photos", str(len(job.album.photos))),
            ("Rank", str(recipe.rank)),
            ("Learning rate", f"{recipe.learning_rate:g}"),
            ("Batch", str(recipe.batch)),
            ("Adapter", f"{len(done.adapter) / 1e6:.1f} MB"),
        ]
        return ReportFacts(job.curve.points, done.score, recipe.min_identity, table, done.previews)

    async def _tidy(self, job: ActiveJob, result: ArtifactId) -> None:
        """Close the run, which fences late writers, then erase checkpoints and what earlier attempts left."""
        assert job.run is not None
        governance, claimed = self._desk.governance, job.claimed.job
        try:
            await patiently(lambda: governance.finish_run(job.run, RunState.SUCCEEDED))  # type: ignore[arg-type]
            if job.checkpoints is not None:
                await job.checkpoints.clear()
            for artifact in await artifacts_of_run(governance, claimed, Kind.ADAPTER, job.run):
                if artifact.id != result:
                    await erase_quietly(governance, artifact.id)
        except GovernanceError as error:
            _LOG.info("what is left of %s goes at its deadline: %s", job.id, error.code)


_END = object()
