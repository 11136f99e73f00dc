"""Ray, governance as an actor and the training pool on servers of their own, and jobs of synthetic people."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import ray

from benchmarks.governance.scene import REGION, settings_for
from cluster.embedded.throwaway import throwaway_servers
from governance.actor import start_governance
from governance.blobs.s3 import S3BlobStore
from governance.calls import NAMESPACE
from governance.client import GovernanceClient
from governance.config import GovernanceSettings, LeaseSettings
from governance.holder import Holder
from governance.model import HolderKind, Job, JobState, Kind, NewAccount, NewArtifact, NewJob, Purpose
from training.config import BaseModelSettings, PreviewSettings, TrainingSettings, WorkerSettings
from training.demo.photos import photos
from training.demo.weights import BASE
from training.jobs import Param
from training.pool import start_pool, stop_pool

_FINAL = (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELED)
_PATIENCE_S = 900.0


@dataclass(frozen=True)
class Pooled:
    """Connected to a running pool. `known`: governance's own settings."""

    governance: GovernanceClient
    holder: Holder
    store: S3BlobStore
    known: GovernanceSettings

    async def enqueue(self, number: int, params: dict[str, Param], count: int = 4) -> Job:
        """A synthetic person's photos and captions, and a job in the queue."""
        account = NewAccount(uuid4().bytes * 2, "$argon2id$", REGION)
        owner = (await self.governance.create_account(account)).id
        inputs = []
        for photo in photos(number, count):
            file = BytesIO()
            photo.image.save(file, "PNG")
            new = NewArtifact(Kind.PHOTO, (owner,), Purpose.TRAINING)
            inputs.append(await self.holder.write(new, file.getvalue()))
            words = NewArtifact(Kind.CAPTION, (owner,), Purpose.TRAINING, (inputs[-1].id,))
            inputs.append(await self.holder.write(words, photo.caption.encode()))
        return await self.governance.enqueue_job(NewJob(owner, tuple(one.id for one in inputs), "balanced", params))

    async def all_end(self, jobs: Sequence[Job]) -> list[Job]:
        """Wait for every one of them to succeed. Few questions: who answers works on the same cores."""
        ends, ended = time.monotonic() + _PATIENCE_S, []
        for job in jobs:
            while (seen := await self.governance.job(job.id)).state not in _FINAL:
                assert time.monotonic() < ends, f"the pool did not finish {job.id}: {seen.state}, {seen.pace}"
                await asyncio.sleep(0.2)
            assert seen.state is JobState.SUCCEEDED, seen.code
            ended.append(seen)
        return ended


@dataclass
class Watch:
    """Sees a job's steps as they are reported: (seconds, step) at every change."""

    pooled: Pooled
    job: Job
    seen: list[tuple[float, int]] = field(default_factory=list)

    async def until(self, step: int) -> None:
        ends = time.monotonic() + _PATIENCE_S
        while not self.seen or self.seen[-1][1] < step:
            pace = (await self.pooled.governance.job(self.job.id)).pace
            if pace is not None and (not self.seen or pace.step > self.seen[-1][1]):
                self.seen.append((time.perf_counter(), pace.step))
            assert time.monotonic() < ends, "the job does not come to its step"
            await asyncio.sleep(0.05)


def pool_settings(threads: int) -> TrainingSettings:
    """As an installation of the demo world has them, but for two small previews."""
    training = TrainingSettings(
        base=BaseModelSettings(path=str(BASE), threads=threads),
        worker=WorkerSettings(region=REGION),
        preview=PreviewSettings(prompts=("a photo of sks person",), steps=4),
    )
    return training.model_copy(update={"pool": training.pool.model_copy(update={"regions": (REGION,), "warm": False})})


@contextmanager
def _ray(folder: Path) -> Iterator[None]:
    ray.init(
        num_cpus=4,
        namespace=NAMESPACE,
        include_dashboard=False,
        log_to_driver=False,
        object_store_memory=100_000_000,
        _temp_dir=str(folder),
    )
    try:
        yield
    finally:
        ray.shutdown()


@asynccontextmanager
async def pooled(training: TrainingSettings) -> AsyncIterator[Pooled]:
    """Everything, for the length of the block."""
    with TemporaryDirectory(prefix="ray-", dir="/tmp") as own, throwaway_servers() as servers:
        folder = Path(own)
        keys = folder / "keys"
        keys.mkdir(mode=0o700)
        known = settings_for(servers, keys).model_copy(update={"leases": LeaseSettings(ttl_s=600)})
        where = training.pool.model_copy(update={"storage": folder / "train"})
        settings = training.model_copy(update={"pool": where})
        with _ray(folder):
            await asyncio.to_thread(start_governance, known)
            governance = GovernanceClient.connect(patience_s=60, timeout_s=60)
            store = S3BlobStore(known.blobs)
            holder = await Holder.open(governance, store, kind=HolderKind.GENERATOR, region=REGION)
            try:
                await asyncio.to_thread(start_pool, settings, known)
                yield Pooled(governance, holder, store, known)
                await asyncio.to_thread(stop_pool, settings)
            finally:
                await holder.close()
