"""What people are to the service: their role, their password, whether their address is theirs, how often they tried."""

from datetime import datetime, timedelta
from uuid import UUID

from governance.audit.leaf import Leaf, LeafEvent
from governance.clock import Clock
from governance.errors import Conflict, NotFound
from governance.ids import CodeId, SubjectId
from governance.ledger import accounts, notices, standing
from governance.ledger.database import Connection, Database
from governance.ledger.leaves import record
from governance.model import Role
from governance.people.model import Code, CodeKind, NewNotice, Refusal, Template

_LIFETIMES = {CodeKind.CONFIRMATION: timedelta(days=2), CodeKind.RESET: timedelta(hours=1)}
_LETTERS = {CodeKind.CONFIRMATION: Template.CONFIRM_ADDRESS, CodeKind.RESET: Template.RESET_PASSWORD}
_ATTEMPTS_KEPT = timedelta(hours=1)


class Standing:
    """See `api.PeopleApi` for what each call promises."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def give_role(self, subject: SubjectId, role: Role) -> None:
        async with self._database.transaction() as conn:
            if not await standing.set_role(conn, subject, role):
                raise NotFound()
            await self._record(conn, LeafEvent.ROLE_GIVEN, subject, role=role)

    async def refused(self, refusal: Refusal) -> None:
        leaf = Leaf(
            event=LeafEvent.ACCESS_REFUSED,
            at=self._clock(),
            subject=refusal.subject,
            token=refusal.token,
            words={"role": refusal.role, "reason": refusal.reason},
        )
        async with self._database.transaction() as conn:
            await record(conn, [leaf])

    async def send_code(self, subject: SubjectId, kind: CodeKind) -> None:
        id, now = CodeId.new(), self._clock()
        async with self._database.transaction() as conn:
            if not await standing.insert_code(conn, id, subject, kind, now, now + _LIFETIMES[kind]):
                raise NotFound()
            await notices.queue(conn, NewNotice(subject, _LETTERS[kind], id, {"code": id}), now)

    async def code(self, id: CodeId, kind: CodeKind) -> Code:
        async with self._database.transaction() as conn:
            return await self._code(conn, id, kind)

    async def confirm_address(self, id: CodeId) -> None:
        async with self._database.transaction() as conn:
            code = await self._code(conn, id, CodeKind.CONFIRMATION)
            await standing.use_code(conn, id, self._clock())
            if await standing.confirm(conn, code.subject, self._clock()):
                await self._record(conn, LeafEvent.ACCOUNT_CONFIRMED, code.subject)

    async def reset_password(self, id: CodeId, password_hash: str) -> None:
        async with self._database.transaction() as conn:
            code = await self._code(conn, id, CodeKind.RESET)
            if code.used and await standing.has_password(conn, code.subject, password_hash):
                return  # the same call once more: its answer was lost
            if code.used:
                raise Conflict("this code was used already; ask for another at POST /v1/password-resets")
            await standing.use_code(conn, id, self._clock())
            await self._set_password(conn, code.subject, password_hash, None)
            await standing.confirm(conn, code.subject, self._clock())

    async def change_password(self, subject: SubjectId, password_hash: str, session: UUID | None) -> None:
        async with self._database.transaction() as conn:
            await self._set_password(conn, subject, password_hash, session)

    async def count_attempt(self, email_hash: bytes, limit: int, window_s: float) -> datetime | None:
        now, window = self._clock(), timedelta(seconds=window_s)
        async with self._database.transaction() as conn:
            count, since = await standing.count_attempt(conn, email_hash, now - window, now)
            if count == limit + 1 and (owner := await standing.owner_of(conn, email_hash)) is not None:
                await self._record(conn, LeafEvent.ACCOUNT_LOCKED, owner)
        return since + window if count > limit else None

    async def forget_attempts(self, email_hash: bytes) -> None:
        async with self._database.transaction() as conn:
            await standing.forget_attempts(conn, email_hash)

    async def tidy(self) -> None:
        """A chore."""
        now = self._clock()
        async with self._database.transaction() as conn:
            await standing.forget_old(conn, now - _ATTEMPTS_KEPT, now)

    async def _code(self, conn: Connection, id: CodeId, kind: CodeKind) -> Code:
        code = await standing.code(conn, id, self._clock())
        if code is None or code.kind is not kind:
            raise NotFound("this code is unknown, too old, or was replaced by a newer one; ask for another")
        return code

    async def _set_password(
        self, conn: Connection, subject: SubjectId, password_hash: str, session: UUID | None
    ) -> None:
        if not await standing.set_password(conn, subject, password_hash):
            raise NotFound()
        await accounts.delete_tokens(conn, subject, session)
        await self._record(conn, LeafEvent.PASSWORD_CHANGED, subject)
        now = self._clock()
        await notices.queue(conn, NewNotice(subject, Template.PASSWORD_CHANGED, now.isoformat()), now)

    async def _record(self, conn: Connection, event: LeafEvent, subject: SubjectId, **words: str) -> None:
        await record(conn, [Leaf(event=event, at=self._clock(), subject=subject, words=words)])
