"""What is past its deadline goes by the same road as what is erased (I4, P2.7, P6.4, P6.5)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from governance.clock import Clock
from governance.config import ErasureSettings
from governance.erasure.fence import Fence
from governance.errors import NotFound
from governance.ledger import artifacts, holds, subjects
from governance.ledger.database import Connection, Database
from governance.model import ArtifactId, ArtifactState, Request, SubjectId


class Expiry:
    """Finds what is due and opens a request for each owner."""

    def __init__(self, database: Database, fence: Fence, clock: Clock, settings: ErasureSettings) -> None:
        self._database, self._fence, self._clock, self._settings = database, fence, clock, settings

    async def sweep(self) -> Sequence[Request]:
        """One batch; gives the requests it opened.

        What this look finds may have been restricted, held or written since, so the fence looks at it again."""
        limit = self._settings.expiry_batch
        async with self._database.transaction() as conn:
            due = [*await artifacts.due(conn, *self._times(), limit), *await holds.released(conn, self._clock(), limit)]
        opened = [await self._fence.expire(owner, partial(self._due, roots)) for owner, roots in _by_owner(due).items()]
        return [one for one in opened if one is not None]

    async def abandon(self, id: ArtifactId) -> None:
        """A write that failed: what was registered goes; what became live stays."""
        async with self._database.transaction() as conn:
            found = await artifacts.get(conn, id)
        if found is None:
            raise NotFound(f"there is no {id}")
        if found.state is ArtifactState.REGISTERED:
            await self._fence.expire(found.subjects[0], partial(_unwritten, id))

    async def _due(self, roots: Sequence[UUID], conn: Connection) -> Sequence[UUID]:
        """Those of these that are due still; nobody can restrict or lift anything of them before the fence stands."""
        await subjects.lock_keys(conn, [], [ArtifactId.of(one) for one in roots])
        due = await artifacts.due(conn, *self._times(), len(roots), among=roots)
        return [id for id, _ in (*due, *await holds.released(conn, self._clock(), len(roots), among=roots))]

    def _times(self) -> tuple[datetime, datetime]:
        """Now, and when an upload that is unfinished now should have begun at the latest."""
        now = self._clock()
        return now, now - timedelta(seconds=self._settings.upload_s)


async def _unwritten(id: ArtifactId, conn: Connection) -> Sequence[UUID]:
    found = await artifacts.lock_for_commit(conn, [id])
    return [one.uuid for one, row in found.items() if row.state is ArtifactState.REGISTERED]


def _by_owner(due: Sequence[tuple[UUID, UUID]]) -> dict[SubjectId, list[UUID]]:
    owners: dict[SubjectId, list[UUID]] = {}
    for artifact, owner in due:
        owners.setdefault(SubjectId.of(owner), []).append(artifact)
    return owners
