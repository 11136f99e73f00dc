"""Sealed checkpoints: a job's state as CHECKPOINT artifacts of its run, of which the newest is kept.

A worker that takes a job over finds them by the run, so nothing about them needs to survive anywhere else.
"""

import logging

from governance.api import Governance
from governance.errors import Gone, GovernanceError, KeyUnavailable, NotFound, Tampered
from governance.holder import Holder
from governance.model import Artifact, ArtifactId, By, Job, Kind, NewArtifact, Purpose, RunId

_LOG = logging.getLogger(__name__)


class Checkpoints:
    """The checkpoints of one job's run."""

    def __init__(self, governance: Governance, holder: Holder, job: Job, run: RunId) -> None:
        self._governance, self._holder, self._job, self._run = governance, holder, job, run
        self._newest: ArtifactId | None = None

    @property
    def newest(self) -> ArtifactId | None:
        return self._newest

    async def find(self) -> list[Artifact]:
        """Those that are live, newest first."""
        return await artifacts_of_run(self._governance, self._job, Kind.CHECKPOINT, self._run)

    async def read(self) -> bytearray | None:
        """The newest one's bytes, which the caller zeroes; one that cannot be read any more is passed over."""
        for artifact in await self.find():
            try:
                async with self._holder.plaintext(artifact.id, Purpose.TRAINING) as buffer:
                    self._newest = artifact.id
                    return bytearray(buffer)
            except (Gone, NotFound, Tampered, KeyUnavailable) as error:
                _LOG.warning("checkpoint %s is passed over: %s", artifact.id, error.code)
        return None

    async def save(self, state: bytes | bytearray, photos: tuple[ArtifactId, ...]) -> Artifact:
        """Seal a new one, then erase the one before it."""
        new = NewArtifact(Kind.CHECKPOINT, (self._job.owner,), Purpose.TRAINING, photos, self._run)
        artifact = await self._holder.write(new, state)
        before, self._newest = self._newest, artifact.id
        if before is not None:
            await erase_quietly(self._governance, before)
        return artifact

    async def clear(self) -> None:
        """Erase all of them: the job has ended."""
        for artifact in await self.find():
            await erase_quietly(self._governance, artifact.id)
        self._newest = None


async def artifacts_of_run(governance: Governance, job: Job, kind: Kind, run: RunId) -> list[Artifact]:
    """A run's live artifacts of one kind, newest first."""
    found: list[Artifact] = []
    after: str | None = None
    while True:
        page = await governance.artifacts(job.owner, kind, after=after, limit=100)
        found += [artifact for artifact in page.items if artifact.run == run]
        after = page.next
        if after is None:
            return found


async def erase_quietly(governance: Governance, id: ArtifactId) -> None:
    """Erase what is not needed any more; what cannot be erased now goes at its deadline."""
    try:
        await governance.erase(id, By.EXPIRY)
    except (Gone, NotFound):
        pass
    except GovernanceError as error:
        _LOG.warning("%s stays until its deadline: %s", id, error.code)
