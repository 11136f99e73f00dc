"""Requests by which people exercise their rights: a clock, a state, an answer (P7.1 to P7.7).

    received ──► working ──► answered ──► withdrawn      (a restriction lifted, an objection taken back)
        │           │  └───► refused
        └───────────┴──────► withdrawn

Restriction and objection take effect as they are received; access and portability are worked on by themselves; the
officer answers the others. An erasure is a request of its own (`erasure/`), which the queue shows beside these.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from governance.accounts import Accounts
from governance.audit.leaf import Leaf, LeafEvent
from governance.clock import Clock
from governance.erasure.erasure import Erasure
from governance.errors import Conflict, Gone, NotFound, Refused
from governance.ledger import objections as said
from governance.ledger import rights, subjects
from governance.ledger.database import Connection, Database
from governance.ledger.leaves import record
from governance.model import By, Page, Purpose, RequestId, SubjectId, SubjectStatus
from governance.policy import Policy
from governance.rights import clocks, objections
from governance.rights.model import Channel, NewRightsRequest, Outcome, Right, RightsRequest, RightState, Settlement

_PAGE_LIMIT = 200
_EXPORT_LEASE = timedelta(minutes=15)
_EXPORT_REST = timedelta(seconds=30)
_FULFILLED = Settlement(Outcome.FULFILLED)


class RightsRequests:
    """See `api.RightsApi` for what each call promises."""

    def __init__(self, database: Database, policy: Policy, clock: Clock, accounts: Accounts, erasure: Erasure) -> None:
        self._database, self._policy, self._clock = database, policy, clock
        self._accounts, self._erasure = accounts, erasure

    async def ask(self, new: NewRightsRequest) -> RightsRequest:
        if new.number is not None and (known := await self.by_number(new.number)) is not None:
            return known
        self._check(new)
        if new.right is Right.ERASURE:
            return await self._erase(new)
        if new.right is Right.RESTRICTION:
            await self._accounts.restrict(new.subject)
        async with self._database.transaction() as conn:
            request = await self._open(conn, new)
            if new.number is not None:
                await rights.set_number(conn, new.number, request.id, self._clock())
            return request

    def _check(self, new: NewRightsRequest) -> None:
        new.subject.check()
        if (new.right is Right.OBJECTION) != (new.purpose is not None):
            raise Refused("an objection names a purpose, and nothing else does")
        if new.purpose is not None:
            self._policy.check_objection(new.purpose)

    async def _erase(self, new: NewRightsRequest) -> RightsRequest:
        by = By.SUBJECT if new.channel is Channel.ACCOUNT else By.OPERATOR
        erasure = await self._erasure.erase(new.artifact or new.subject, by, new.subject)
        if new.number is not None:
            async with self._database.transaction() as conn:
                await rights.set_number(conn, new.number, erasure.id, self._clock())
        return await self.get(erasure.id)

    async def _open(self, conn: Connection, new: NewRightsRequest) -> RightsRequest:
        subject = await subjects.lock(conn, new.subject)
        if subject.status in (SubjectStatus.ERASING, SubjectStatus.ERASED):
            raise Gone()
        if (before := await rights.same(conn, new)) is not None:
            return before
        now = self._clock()
        request = _received(new, now)
        await rights.insert(conn, request)
        if _at_once(new):
            await self._settle(conn, request, _FULFILLED, now)
        words = {"kind": new.right, "channel": new.channel}
        await _record(conn, LeafEvent.REQUEST_OPENED, request, now, words)
        return await _get(conn, request.id)

    async def get(self, id: RequestId, owner: SubjectId | None = None) -> RightsRequest:
        async with self._database.transaction() as conn:
            found = await _get(conn, id)
        if owner not in (None, found.subject):
            raise NotFound()
        return found

    async def by_number(self, number: UUID) -> RightsRequest | None:
        async with self._database.transaction() as conn:
            id = await rights.numbered(conn, number)
            return await _get(conn, id) if id else None

    async def listed(
        self, owner: SubjectId | None, only_open: bool, after: str | None, limit: int
    ) -> Page[RightsRequest]:
        wanted = max(1, min(limit, _PAGE_LIMIT))
        before = RequestId(after).check() if after else None
        async with self._database.transaction() as conn:
            found = await rights.listed(conn, owner, only_open, before, wanted + 1)
        page = tuple(found[:wanted])
        return Page(page, page[-1].id if len(found) > wanted else None)

    async def settle(self, id: RequestId, end: Settlement) -> RightsRequest:
        async with self._database.transaction() as conn:
            request = await _lock(conn, id)
            if not request.open:
                if request.outcome is end.outcome:
                    return request
                raise Conflict(f"{id} is {request.state} already")
            await self._settle(conn, request, end, self._clock())
            return await _get(conn, id)

    async def _settle(self, conn: Connection, request: RightsRequest, end: Settlement, now: datetime) -> None:
        if request.purpose is not None and end.outcome.state is RightState.ANSWERED:
            await objections.apply(conn, request.subject, request.purpose, now)
        await rights.settle(conn, request.id, end, now)
        await _record(conn, LeafEvent.REQUEST_ANSWERED, request, now, {"kind": request.right, "outcome": end.outcome})

    async def extend(self, id: RequestId) -> RightsRequest:
        async with self._database.transaction() as conn:
            request = await _lock(conn, id)
            if not request.open or request.extended:
                raise Conflict(f"{id} is answered or was extended already; that is possible once")
            due = clocks.extended(request.created_at)
            await rights.extend(conn, id, due, due - clocks.WARNING)
            await _record(conn, LeafEvent.REQUEST_EXTENDED, request, self._clock(), {"kind": request.right})
            return await _get(conn, id)

    async def withdraw(self, id: RequestId, owner: SubjectId | None) -> RightsRequest:
        async with self._database.transaction() as conn:
            request = await _lock(conn, id, owner)
            in_force = request.state is RightState.ANSWERED and request.right in (Right.RESTRICTION, Right.OBJECTION)
            if not request.open and not in_force:
                raise Conflict(f"{id} is {request.state}; there is nothing to withdraw")
            now = self._clock()
            if in_force and request.purpose is not None:
                await objections.take_back(conn, request.subject, request.purpose, now)
            await rights.withdraw(conn, id, now)
            await _record(conn, LeafEvent.REQUEST_WITHDRAWN, request, now, {"kind": request.right})
        if in_force and request.right is Right.RESTRICTION:
            await self._accounts.lift(request.subject)
        return await self.get(id)

    async def objections(self, subject: SubjectId) -> frozenset[Purpose]:
        async with self._database.transaction() as conn:
            return await said.of_subject(conn, subject.check())

    async def take_export(self) -> RightsRequest | None:
        async with self._database.transaction() as conn:
            now = self._clock()
            return await rights.take_export(conn, now, now + _EXPORT_LEASE)

    async def put_back_export(self, id: RequestId) -> None:
        async with self._database.transaction() as conn:
            await rights.put_back_export(conn, id, self._clock() + _EXPORT_REST)


def _at_once(new: NewRightsRequest) -> bool:
    if new.right is Right.RESTRICTION:
        return True
    return new.right is Right.OBJECTION and new.purpose not in objections.DECIDED_BY_THE_OFFICER


def _received(new: NewRightsRequest, now: datetime) -> RightsRequest:
    due = clocks.due(now)
    return RightsRequest(
        id=RequestId.new(),
        right=new.right,
        subject=new.subject,
        channel=new.channel,
        state=RightState.RECEIVED,
        created_at=now,
        due_at=due,
        warn_at=due - clocks.WARNING,
        purpose=new.purpose,
        artifact=new.artifact,
        message=new.message,
    )


async def _get(conn: Connection, id: RequestId) -> RightsRequest:
    found = await rights.get(conn, id.check())
    if found is None:
        raise NotFound()
    return found


async def _lock(conn: Connection, id: RequestId, owner: SubjectId | None = None) -> RightsRequest:
    found = await rights.lock(conn, id.check())
    if found is None:
        shown = await _get(conn, id)
        if owner not in (None, shown.subject):
            raise NotFound()
        raise Conflict("an erasure goes its way by itself and cannot be answered, extended or withdrawn")
    if owner not in (None, found.subject):
        raise NotFound()
    return found


async def _record(
    conn: Connection, event: LeafEvent, request: RightsRequest, now: datetime, words: Mapping[str, str]
) -> None:
    await record(conn, [Leaf(event=event, at=now, request=request.id, subject=request.subject, words=words)])
