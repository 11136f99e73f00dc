"""What is past its deadline goes by the same road as what is erased (I4, P2.7, P6.4, P6.5)."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from governance.clock import Clock
from governance.config import ErasureSettings
from governance.erasure.fence import Fence
from governance.errors import NotFound
from governance.ledger import artifacts, holds
from governance.ledger.database import Database
from governance.model import ArtifactId, ArtifactState, Request, SubjectId


class Expiry:
    """Finds what is due and opens a request for each owner."""

    def __init__(self, database: Database, fence: Fence, clock: Clock, settings: ErasureSettings) -> None:
        self._database, self._fence, self._clock, self._settings = database, fence, clock, settings

    async def sweep(self) -> Sequence[Request]:
        """One batch; gives the requests it opened."""
        now = self._clock()
        started = now - timedelta(seconds=self._settings.upload_s)
        async with self._database.transaction() as conn:
            due = await artifacts.due(conn, now, started, self._settings.expiry_batch)
            due = [*due, *await holds.released(conn, now, self._settings.expiry_batch)]
        return [await self._fence.expire(owner, roots) for owner, roots in _by_owner(due).items()]

    async def abandon(self, id: ArtifactId) -> None:
        """A write that failed: what was registered goes; what became live stays."""
        async with self._database.transaction() as conn:
            found = await artifacts.get(conn, id)
        if found is None:
            raise NotFound(f"there is no {id}")
        if found.state is ArtifactState.REGISTERED:
            await self._fence.expire(found.subjects[0], [id.uuid])


def _by_owner(due: Sequence[tuple[UUID, UUID]]) -> dict[SubjectId, list[UUID]]:
    owners: dict[SubjectId, list[UUID]] = {}
    for artifact, owner in due:
        owners.setdefault(SubjectId.of(owner), []).append(artifact)
    return owners
