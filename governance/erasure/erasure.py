"""Erasure as callers see it: ask, follow, fetch the certificate; and legal holds."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from governance.audit.errors import LeafRefused
from governance.audit.leaf import Leaf, LeafEvent, check_word
from governance.background import ERASURES, EXPIRY
from governance.clock import Clock
from governance.erasure.fence import Fence
from governance.erasure.orders import Asked
from governance.errors import Fenced, GovernanceError, NotFound, Refused
from governance.failpoints import FailPoint, reach
from governance.ledger import artifacts, decisions, fences, holds, requests
from governance.ledger.database import Connection, Database
from governance.ledger.decisions import Decision, What
from governance.ledger.group import Batcher, GroupCommit
from governance.ledger.leaves import record
from governance.model import (
    ArtifactState,
    By,
    Certificate,
    Hold,
    HoldId,
    NewHold,
    Request,
    RequestId,
    RequestState,
    SubjectId,
    Target,
)

WriteDown = Callable[[Sequence[Request]], Awaitable[None]]
_JOURNAL_S = 2.0
_WRITTEN_AT_ONCE = 256
_ASKED_AT_ONCE = 32
"""Everybody else waits at the gate meanwhile."""
_LOG = logging.getLogger(__name__)


class Erasure:
    """See `api.ErasureApi` for what each call promises. `write_down` puts requests into the journal; `wake` tells a
    chore of the background that there is work."""

    def __init__(
        self, database: Database, fence: Fence, clock: Clock, write_down: WriteDown, wake: Callable[[str], None]
    ) -> None:
        self._database, self._clock = database, clock
        self._fences: GroupCommit[Asked, Request] = GroupCommit(database, fence.erase, _ASKED_AT_ONCE)
        self._write_down, self._wake = write_down, wake
        self._writings: Batcher[Request, None] = Batcher(self._write_together, _WRITTEN_AT_ONCE)

    async def close(self) -> None:
        await self._fences.close()
        await self._writings.close()

    async def erase(self, target: Target, by: By, owner: SubjectId | None) -> Request:
        request = await self._fences.submit(Asked(target.check(), by, owner))
        reach(FailPoint.FENCE_COMMITTED)
        await self._journal(request)
        self._wake(ERASURES)
        return request

    async def _journal(self, request: Request) -> None:
        """At once, so that from the answer on no backup brings it back; where it cannot be now, the first step does."""
        if request.state is RequestState.FENCED:
            try:
                await asyncio.wait_for(self._writings.submit(request), _JOURNAL_S)
            except (GovernanceError, TimeoutError):
                _LOG.warning("%s is journaled by its first step", request.id)

    async def _write_together(self, written: Sequence[Request]) -> Sequence[None]:
        await self._write_down(written)
        return [None] * len(written)

    async def request(self, id: RequestId, owner: SubjectId | None) -> Request:
        async with self._database.transaction() as conn:
            return await _owned(conn, id, owner)

    async def certificate(self, id: RequestId, owner: SubjectId | None) -> Certificate | None:
        async with self._database.transaction() as conn:
            await _owned(conn, id, owner)
            found = await requests.certificate(conn, id)
        return Certificate(id, found[0], found[1]) if found else None

    async def place_hold(self, new: NewHold) -> Hold:
        now = self._clock()
        _check_hold(new, now)
        hold = Hold(HoldId.new(), new.artifact, new.basis, new.until)
        async with self._database.transaction() as conn:
            await fences.pass_through(conn)
            found = await artifacts.lock_share(conn, [new.artifact.check()])
            artifact = found.get(new.artifact)
            if artifact is None:
                raise NotFound(f"there is no {new.artifact}")
            if artifact.state not in (ArtifactState.LIVE, ArtifactState.HELD):
                raise Fenced(f"{new.artifact} is {artifact.state}; it cannot be held any more")
            await holds.insert(conn, hold, now)
            words = {"artifact": hold.artifact, "basis": hold.basis, "until": hold.until.isoformat()}
            await decisions.note(conn, [Decision(What.HOLD_PLACED, hold.id.uuid, now, words)])
            await record(conn, [Leaf(event=LeafEvent.HOLD_PLACED, at=now, artifact=new.artifact)])
        return hold

    async def release_hold(self, id: HoldId) -> None:
        async with self._database.transaction() as conn:
            now = self._clock()
            artifact = await holds.end(conn, id, now)
            if artifact is not None:
                await decisions.note(conn, [Decision(What.HOLD_LIFTED, id.uuid, now)])
                await record(conn, [Leaf(event=LeafEvent.HOLD_LIFTED, at=now, artifact=artifact)])
        self._wake(EXPIRY)


def _check_hold(new: NewHold, now: datetime) -> None:
    try:
        check_word("basis", new.basis)
    except LeafRefused as error:
        raise Refused(str(error)) from None
    if new.until <= now:
        raise Refused("a hold needs an end date that is still to come (P4.5)")


async def _owned(conn: Connection, id: RequestId, owner: SubjectId | None) -> Request:
    request = await requests.get(conn, id)
    if owner not in (None, request.owner):
        raise NotFound()
    return request
