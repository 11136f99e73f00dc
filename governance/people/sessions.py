"""Sessions that go on without the password, and API keys.

    refresh token ──► used once: a new pair       used again: it was stolen, the whole session ends
"""

from collections.abc import Sequence

from governance.audit.leaf import Leaf, LeafEvent
from governance.clock import Clock
from governance.errors import NotFound
from governance.ids import SubjectId, TokenId
from governance.ledger import accounts
from governance.ledger.database import Connection, Database
from governance.ledger.leaves import record
from governance.model import NewToken, Token


class Sessions:
    """See `api.PeopleApi` for what each call promises."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def refresh(self, token_hash: bytes, pair: Sequence[NewToken]) -> bool:
        now = self._clock()
        async with self._database.transaction() as conn:
            old = await accounts.token(conn, token_hash, now, lock=True)
            if old is None or old.session is None:
                return False
            if old.used and await accounts.is_token(conn, pair[0].token_hash, old.session):
                return True  # the same exchange once more: its answer was lost
            if old.used:
                await accounts.delete_session(conn, old.session)
                await self._record(conn, LeafEvent.TOKEN_REVOKED, old.subject.id)
                return False
            await accounts.use_token(conn, old.id, now)
            for new in pair:
                await accounts.insert_token(conn, TokenId.new(), new, now)
                await self._record(conn, LeafEvent.TOKEN_ISSUED, new.subject)
            return True

    async def keys(self, subject: SubjectId) -> Sequence[Token]:
        async with self._database.transaction() as conn:
            return await accounts.keys_of(conn, subject, self._clock())

    async def revoke_key(self, subject: SubjectId, id: TokenId) -> None:
        async with self._database.transaction() as conn:
            if not await accounts.delete_key(conn, subject, id.check()):
                raise NotFound()
            await self._record(conn, LeafEvent.TOKEN_REVOKED, subject)

    async def _record(self, conn: Connection, event: LeafEvent, subject: SubjectId) -> None:
        await record(conn, [Leaf(event=event, at=self._clock(), subject=subject)])
