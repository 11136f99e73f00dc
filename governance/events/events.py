"""The log of events: numbering, reading, warning of deadlines."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from governance.clock import Clock
from governance.errors import Gone
from governance.events.model import Happening
from governance.ids import SubjectId
from governance.ledger import events, subjects, webhooks
from governance.ledger.database import Connection, Database
from governance.model import SubjectStatus

WARNING = timedelta(days=3)
KEPT = timedelta(days=30)
_LATE = timedelta(hours=1)
_BATCH = 1000
_PAGE_LIMIT = 200


class Events:
    """See `api.EventsApi` for what each call promises."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def publish(self) -> int:
        """Numbers what was written since, and puts it on its way to the webhooks; gives how many lines it was."""
        done = 0
        while True:
            async with self._database.transaction() as conn:
                if not await events.has_fresh(conn):
                    return done
                now = self._clock()
                fresh = await events.number_fresh(conn, _BATCH, now)
                await webhooks.fan_out(conn, fresh, now)
            done += len(fresh)

    async def warn(self) -> None:
        """Once for each artifact, days before it is erased."""
        now = self._clock()
        while True:
            async with self._database.transaction() as conn:
                if await events.warn_of_deadlines(conn, now, now + WARNING, _BATCH) < _BATCH:
                    return

    async def forget_old(self) -> None:
        async with self._database.transaction() as conn:
            await events.forget(conn, self._clock() - KEPT, self._clock() - _LATE)

    async def happened(self, owner: SubjectId, after: int, about: UUID | None, limit: int) -> Sequence[Happening]:
        async with self._database.transaction() as conn:
            await living(conn, owner)
            return await events.of_subject(conn, owner, after, about, max(1, min(limit, _PAGE_LIMIT)))

    async def head(self) -> int:
        async with self._database.transaction() as conn:
            return await events.head(conn)


async def living(conn: Connection, owner: SubjectId) -> None:
    """Raises `Gone` for an erased person."""
    if (await subjects.get(conn, owner)).status in (SubjectStatus.ERASING, SubjectStatus.ERASED):
        raise Gone()
