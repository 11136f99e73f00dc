"""The fence (I2, I3, I7): one transaction takes the closure, destroys its keys and ends what works on it."""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from governance.audit.leaf import Leaf, LeafEvent
from governance.backup.journal import JournalEntry
from governance.erasure.orders import Asked, Known, Order, Orders
from governance.errors import GovernanceError
from governance.failpoints import FailPoint, reach
from governance.gate.context import GateContext
from governance.ledger import accounts, artifacts, closure, epochs, erasing, fences, jobs, requests, subjects
from governance.ledger.artifacts import Sealed
from governance.ledger.closure import Reached, Roots
from governance.ledger.database import Connection, Database
from governance.ledger.holds import Standing
from governance.ledger.leaves import record
from governance.ledger.requests import Opened
from governance.model import (
    ArtifactId,
    ArtifactState,
    By,
    Kind,
    Request,
    RequestId,
    RequestKind,
    RequestState,
    SubjectId,
)
from governance.vault.cipher import zero
from governance.vault.keyring import CUSTODY
from governance.vault.wrap import seal_artifact_key, unseal_artifact_key, unseal_named

Due = Callable[[Connection], Awaitable[Sequence[UUID]]]
"""Looks, and locks what it saw."""


@dataclass(frozen=True, slots=True)
class _Taking:
    """What one order takes: everything that is to go, those of it that were not fenced before, and what stays."""

    order: Order
    ids: Sequence[UUID]
    going: Sequence[tuple[UUID, Kind]]
    stays: Sequence[Standing]


class Fence:
    """Opens requests. Every call is one transaction, `erase` a part of one."""

    def __init__(self, database: Database, context: GateContext, promised_s: float) -> None:
        self._database, self._context = database, context
        self._promised = timedelta(seconds=promised_s)

    async def erase(self, conn: Connection, asked: Sequence[Asked]) -> Sequence[Request | GovernanceError]:
        """See `api.ErasureApi.erase`, as if one had asked after the other. One that is refused leaves nothing behind
        and does not disturb the others."""
        await fences.close(conn)
        orders = Orders(asked, await Known.of(conn, [one.target for one in asked], self._context.clock()))
        return orders.answers(await self.close(conn, orders.new))

    async def expire(self, owner: SubjectId, due: Due) -> Request | None:
        """What is due behind the closed gate, with what was derived from it; None when that is nothing any more."""
        async with self._database.transaction() as conn:
            await fences.close(conn)
            roots = await due(conn)
            if not roots:
                return None
            order = Order(RequestKind.EXPIRY, owner, None, By.EXPIRY, await self._reached(conn, Roots(roots)))
            return (await self.close(conn, [order]))[order.id]

    async def replay(self, entry: JournalEntry) -> bool:
        """Fence again what a restored ledger does not know was erased; False when it knows (I8)."""
        async with self._database.transaction() as conn:
            await fences.close(conn)
            if await requests.exists(conn, entry.request):
                return False
            target = entry.subject or entry.artifact
            if not all([await erasing.is_known(conn, one) for one in (entry.owner, target or entry.owner)]):
                return False
            reached = await self._reached(conn, Roots([one.uuid for one in entry.artifacts], entry.subject))
            await self.close(conn, [Order(entry.kind, entry.owner, target, entry.by, reached, entry.request)])
            return True

    async def _reached(self, conn: Connection, roots: Roots) -> Sequence[Reached]:
        (reached,) = await closure.take(conn, [roots], self._context.clock())
        return reached

    async def close(self, conn: Connection, orders: Sequence[Order]) -> Mapping[RequestId, Request]:
        """The fence itself, in a transaction that has closed the gate. Of an order whose artifact goes with an earlier
        one's there is no request."""
        if not orders:
            return {}
        now = self._context.clock()
        takings, kept = _takings(orders)
        await self._keep(conn, kept)
        ids = [id for one in takings for id in one.ids]
        people = [one.order.target for one in takings if isinstance(one.order.target, SubjectId)]
        await erasing.fence(conn, ids)
        await _end_work(conn, ids, people, now)
        opened = {one.order.id: _request(one, now, self._promised) for one in takings}
        rows = [Opened(opened[one.order.id], one.order.by, one.ids, _hold_facts(one.stays)) for one in takings]
        await requests.insert(conn, rows)
        await _record(conn, [(opened[one.order.id], one) for one in takings], now)
        reach(FailPoint.FENCE_ROWS)
        return opened

    async def _keep(self, conn: Connection, ids: Sequence[UUID]) -> None:
        """What a legal hold keeps leaves its people's keys and goes under the service's custody key."""
        if not ids:
            return
        epoch = await epochs.active(conn)
        custody = await self._context.keys.service_key(CUSTODY)
        secret = await self._context.keys.secret(epoch)
        for sealed in (await artifacts.get_sealed(conn, [ArtifactId.of(one) for one in ids])).values():
            key = await self._open(conn, sealed)
            id = sealed.artifact.id
            await erasing.keep_under_custody(conn, id.uuid, seal_artifact_key(secret, [custody], id, key), epoch)
            zero(key)
        zero(custody)

    async def _open(self, conn: Connection, sealed: Sealed) -> bytearray:
        people = await subjects.lock_keys(conn, sealed.artifact.subjects, [])
        keys = []
        for one in sealed.artifact.subjects:
            row = people[one]
            assert row.sealed is not None, "what is live has living subjects"
            keys.append(unseal_named(await self._context.keys.secret(row.epoch), one, row.sealed))
        assert sealed.sealed_key is not None
        secret = await self._context.keys.secret(sealed.epoch)
        return unseal_artifact_key(secret, keys, sealed.artifact.id, sealed.sealed_key)


def _takings(orders: Sequence[Order]) -> tuple[Sequence[_Taking], Sequence[UUID]]:
    """What each takes, in order; and what is live and stays by a legal hold."""
    fenced = {one.id for order in orders for one in order.reached if one.state is ArtifactState.ERASING}
    kept = {one.id for order in orders for one in order.reached if one.hold and one.state is ArtifactState.LIVE}
    by_earlier: set[UUID] = set()
    takings = []
    for order in orders:
        if isinstance(order.target, ArtifactId) and order.target.uuid in by_earlier:
            continue
        goes = [one for one in order.reached if one.hold is None]
        going = [(one.id, one.kind) for one in goes if one.id not in fenced]
        stays = [one.hold for one in order.reached if one.hold is not None]
        ids = [one.id for one in goes]
        takings.append(_Taking(order, ids, going, stays))
        by_earlier.update(ids)
        fenced.update(ids)
    return takings, sorted(kept)


async def _end_work(conn: Connection, ids: Sequence[UUID], people: Sequence[SubjectId], now: datetime) -> None:
    who = [one.uuid for one in people]
    await erasing.cancel_runs(conn, ids, who, now)
    await jobs.cancel_fenced(conn, ids, who, now)
    if people:
        await erasing.fence_subjects(conn, people)
        await accounts.delete(conn, people)


async def _record(conn: Connection, opened: Sequence[tuple[Request, _Taking]], now: datetime) -> None:
    """The last three entries of each are its certificate's evidence."""
    leaves: list[Leaf] = []
    ends: dict[RequestId, int] = {}
    for request, taking in opened:
        leaves += _leaves(request, taking, now)
        ends[request.id] = len(leaves)
    await record(conn, leaves)
    await requests.add_leaves(conn, {id: range(end - 3, end) for id, end in ends.items()}, of=len(leaves))


def _request(taking: _Taking, now: datetime, promised: timedelta) -> Request:
    order = taking.order
    return Request(
        id=order.id,
        kind=order.kind,
        owner=order.owner,
        target=order.target,
        state=RequestState.FENCED,
        created_at=now,
        due_at=now + promised,
        completed_at=None,
        counts=Counter(str(kind) for _, kind in taking.going),
        held=Counter(str(one.kind) for one in taking.stays),
    )


def _hold_facts(standing: Sequence[Standing]) -> Sequence[Mapping[str, Any]]:
    """What the certificate says of what stays: how many of each kind, on what basis, until when."""
    groups = Counter((str(one.kind), one.basis, one.until.isoformat()) for one in standing)
    return [
        {"kind": kind, "basis": basis, "until": until, "count": count}
        for (kind, basis, until), count in sorted(groups.items())
    ]


def _leaves(request: Request, taking: _Taking, now: datetime) -> Sequence[Leaf]:
    """The last three are the certificate's evidence."""
    gone = [Leaf(event=LeafEvent.ARTIFACT_ERASING, at=now, artifact=ArtifactId.of(id)) for id, _ in taking.going]
    person = request.target if isinstance(request.target, SubjectId) else None
    if person is not None:
        gone.append(Leaf(event=LeafEvent.SUBJECT_ERASING, at=now, subject=person))
    about = partial(Leaf, at=now, request=request.id, subject=request.owner)
    return [
        *gone,
        about(event=LeafEvent.REQUEST_OPENED, words={"kind": request.kind, "by": taking.order.by}),
        about(event=LeafEvent.ERASURE_FENCED, counts={"artifacts": len(taking.going)}),
        about(event=LeafEvent.KEY_DESTROYED, counts={"keys": len(taking.going) + (person is not None)}),
    ]
