"""Ray with governance as an actor and the training pool over a tiny base, as an installation has them."""

import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import psutil
import ray

from cluster.embedded.throwaway import Servers
from governance.actor import start_governance
from governance.blobs.s3 import S3BlobStore
from governance.calls import NAMESPACE
from governance.client import GovernanceClient
from governance.config import GovernanceSettings
from governance.holder import Holder
from governance.model import (
    Artifact,
    HolderKind,
    Job,
    JobState,
    Kind,
    NewAccount,
    NewArtifact,
    NewJob,
    Purpose,
    SubjectId,
)
from tests.integration.pool.tiny import SMALL, photo, settings
from tests.support.governance import REGION, fresh_database, settings_for
from tests.support.waiting import eventually
from training.config import TrainingSettings
from training.jobs import Param
from training.pool import start_pool, stop_pool
from training.queue import FairShare

FINAL = (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELED)
MANY = 20
CAPTION = "secret words of somebody"


@dataclass(frozen=True)
class Cluster:
    """What is running; `folder` holds all that Ray and Ray Train write."""

    governance: GovernanceSettings
    training: TrainingSettings
    folder: Path

    def processes(self, kind: str) -> list[psutil.Process]:
        """Ray's processes of one actor class, such as `TrainingPool`."""
        mine = psutil.Process().children(recursive=True)
        return [process for process in mine if _title(process).startswith(f"ray::{kind}")]

    def kill(self, kind: str) -> bool:
        """SIGKILL to every process of a class; whether there was one."""
        found = self.processes(kind)
        for process in found:
            os.kill(process.pid, signal.SIGKILL)
        return bool(found)


def _title(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


@contextmanager
def one_node(folder: Path) -> Iterator[None]:
    """Ray with everything on it, and this process as its driver."""
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


@contextmanager
def cluster(
    servers: Servers,
    base: Path,
    pool: Mapping[str, object],
    worker: Mapping[str, object],
    ray_in: Callable[[Path], AbstractContextManager[None]] = one_node,
) -> Iterator[Cluster]:
    """For the length of the block; silent workers are noticed after 5 seconds, and leases outlast a restart."""
    with TemporaryDirectory(prefix="ray-", dir="/tmp") as own, fresh_database(servers) as dsn:
        folder = Path(own)
        keys = folder / "keys"
        keys.mkdir(mode=0o700)
        known = settings_for(servers, dsn, keys, lease_s=20.0)
        # However many workers a test kills, its jobs are not given up.
        known = known.model_copy(update={"queue": known.queue.model_copy(update={"attempts": MANY})})
        how = settings(base, REGION, **{"idle_s": 60.0, "checkpoint_s": 1.0, **worker})
        where = {"regions": (REGION,), "storage": folder / "train", "warm": False, **pool}
        how = how.model_copy(update={"pool": how.pool.model_copy(update=where), "fair": FairShare(most_tries=MANY)})
        with ray_in(folder):
            start_governance(known)
            start_pool(how, known)
            yield Cluster(known, how, folder)
            stop_pool(how)


@dataclass
class Client:
    """The test's own way in: governance by its actor, and a holder like the ingress'."""

    governance: GovernanceClient
    holder: Holder

    async def person(self) -> SubjectId:
        new = NewAccount(uuid4().bytes * 2, "$argon2id$v=19$hash", REGION)
        return (await self.governance.create_account(new)).id

    async def job(
        self, seed: int = 0, params: Mapping[str, Param] | None = None, owner: SubjectId | None = None
    ) -> Job:
        """Three photos, one with a caption, and a job in the queue."""
        person = owner or await self.person()
        photos = [
            await self.holder.write(NewArtifact(Kind.PHOTO, (person,), Purpose.TRAINING), photo(10 * seed + number))
            for number in range(3)
        ]
        words = NewArtifact(Kind.CAPTION, (person,), Purpose.TRAINING, (photos[0].id,))
        caption = await self.holder.write(words, CAPTION.encode())
        inputs = (*(one.id for one in photos), caption.id)
        return await self.governance.enqueue_job(NewJob(person, inputs, "balanced", {**SMALL, **(params or {})}))

    async def all_end(self, jobs: Sequence[Job], within_s: float) -> None:
        """Wait until every one of them has ended, however."""

        left = [job.id for job in jobs]

        async def none_left() -> bool:
            left[:] = [id for id in left if (await self.governance.job(id)).state not in FINAL]
            return not left

        await eventually(none_left, within_s=within_s, every_s=0.2)

    async def of_kind(self, owner: SubjectId, kind: Kind) -> Sequence[Artifact]:
        return (await self.governance.artifacts(owner, kind)).items


@asynccontextmanager
async def client(of: Cluster) -> AsyncIterator[Client]:
    governance = GovernanceClient.connect(patience_s=60, timeout_s=30)
    store = S3BlobStore(of.governance.blobs)
    holder = await Holder.open(governance, store, kind=HolderKind.INGRESS, region=REGION)
    try:
        yield Client(governance, holder)
    finally:
        await holder.close()
