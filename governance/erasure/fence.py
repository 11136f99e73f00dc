"""The fence (I2, I3, I7): one transaction takes the closure, destroys its keys and ends what works on it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from governance.audit.leaf import Leaf, LeafEvent
from governance.backup.journal import JournalEntry
from governance.errors import Gone, GovernanceError, NotFound
from governance.failpoints import FailPoint, reach
from governance.gate.context import GateContext
from governance.ledger import accounts, artifacts, closure, epochs, erasing, fences, holds, jobs, requests, subjects
from governance.ledger.artifacts import Sealed
from governance.ledger.database import Connection, Database
from governance.ledger.leaves import record
from governance.model import (
    Artifact,
    ArtifactId,
    ArtifactState,
    By,
    Kind,
    Request,
    RequestId,
    RequestKind,
    RequestState,
    SubjectId,
    SubjectStatus,
    Target,
)
from governance.vault.cipher import zero
from governance.vault.keyring import CUSTODY
from governance.vault.wrap import seal_artifact_key, unseal_artifact_key, unseal_named


@dataclass(frozen=True, slots=True)
class Order:
    """What is to go: the roots of the closure, whose they are, and for whom it is asked."""

    kind: RequestKind
    owner: SubjectId
    target: Target | None
    by: By
    roots: Sequence[UUID]


@dataclass(frozen=True, slots=True)
class Asked:
    """Somebody wants it gone; with `owner` only if it is that person's."""

    target: Target
    by: By
    owner: SubjectId | None


class Fence:
    """Opens requests. Every call is one transaction, `erase` a part of one."""

    def __init__(self, database: Database, context: GateContext, promised_s: float) -> None:
        self._database, self._context = database, context
        self._promised = timedelta(seconds=promised_s)

    async def erase(self, conn: Connection, asked: Sequence[Asked]) -> Sequence[Request | GovernanceError]:
        """See `api.ErasureApi.erase`. One that is refused leaves nothing behind and does not disturb the others."""
        await fences.close(conn)
        if len(asked) == 1:
            return [await self._erase(conn, asked[0])]
        answers: list[Request | GovernanceError] = []
        for one in asked:
            try:
                async with conn.transaction():
                    answers.append(await self._erase(conn, one))
            except GovernanceError as error:
                answers.append(error)
        return answers

    async def _erase(self, conn: Connection, asked: Asked) -> Request:
        known = await requests.of_target(conn, asked.target)
        if known is not None:
            return _owned(known, asked.owner)
        return await self.close(conn, await _order(conn, asked.target, asked.by, asked.owner))

    async def expire(self, owner: SubjectId, roots: Sequence[UUID]) -> Request:
        """All of these, with what was derived from them, whoever asks."""
        async with self._database.transaction() as conn:
            await fences.close(conn)
            return await self.close(conn, Order(RequestKind.EXPIRY, owner, None, By.EXPIRY, roots))

    async def replay(self, entry: JournalEntry) -> bool:
        """Fence again what a restored ledger does not know was erased; False when it knows (I8)."""
        async with self._database.transaction() as conn:
            await fences.close(conn)
            if await requests.exists(conn, entry.request):
                return False
            roots = [one.uuid for one in entry.artifacts]
            if entry.subject is not None:
                roots += await closure.roots_of(conn, entry.subject)
            target = entry.subject or entry.artifact
            if not all([await erasing.is_known(conn, one) for one in (entry.owner, target or entry.owner)]):
                return False
            await self.close(conn, Order(entry.kind, entry.owner, target, entry.by, roots), entry.request)
            return True

    async def close(self, conn: Connection, order: Order, id: RequestId | None = None) -> Request:
        """The fence itself, in a transaction that has closed the gate."""
        now = self._context.clock()
        whole = await erasing.erasable(conn, await closure.descendants(conn, order.roots))
        standing = await holds.standing(conn, [id for id, _, _ in whole], now)
        kept = {one.artifact for one in standing}
        going = [(id, kind) for id, kind, state in whole if id not in kept and state != ArtifactState.ERASING]
        ids = [id for id, _, _ in whole if id not in kept]
        person = order.target if isinstance(order.target, SubjectId) else None
        await self._keep(conn, [id for id, _, state in whole if id in kept and state == ArtifactState.LIVE])
        await erasing.fence(conn, ids)
        await self._end_work(conn, ids, person, now)
        request = _request(id or RequestId.new(), order, going, standing, now, self._promised)
        await requests.insert(conn, request, order.by, _hold_facts(standing))
        await requests.add_artifacts(conn, request.id, ids)
        places = await record(conn, _leaves(request, order, [id for id, _ in going], now))
        await requests.add_leaves(conn, request.id, list(places)[-3:])
        reach(FailPoint.FENCE_ROWS)
        return request

    async def _end_work(self, conn: Connection, ids: Sequence[UUID], person: SubjectId | None, now: datetime) -> None:
        people = [person.uuid] if person else []
        await erasing.cancel_runs(conn, ids, people, now)
        await jobs.cancel_fenced(conn, ids, people, now)
        if person is not None:
            await erasing.fence_subject(conn, person)
            await accounts.delete(conn, person)

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


async def _order(conn: Connection, target: Target, by: By, owner: SubjectId | None) -> Order:
    if isinstance(target, SubjectId):
        subject = await subjects.lock(conn, target)
        if owner not in (None, target):
            raise NotFound()
        if subject.status in (SubjectStatus.ERASING, SubjectStatus.ERASED):
            raise Gone()
        return Order(RequestKind.ERASURE, target, target, by, await closure.roots_of(conn, target))
    artifact = await _erasable(conn, target, owner)
    return Order(RequestKind.ERASURE, owner or artifact.subjects[0], target, by, [target.uuid])


async def _erasable(conn: Connection, id: ArtifactId, owner: SubjectId | None) -> Artifact:
    artifact = await artifacts.get(conn, id)
    if artifact is None or (owner is not None and not artifact.shows_to(owner)):
        raise NotFound()
    if artifact.state in (ArtifactState.ERASING, ArtifactState.ERASED):
        raise Gone()
    return artifact


def _owned(request: Request, owner: SubjectId | None) -> Request:
    if owner not in (None, request.owner):
        raise NotFound()
    return request


def _request(
    id: RequestId,
    order: Order,
    going: Sequence[tuple[UUID, Kind]],
    standing: Sequence[holds.Standing],
    now: datetime,
    due: timedelta,
) -> Request:
    return Request(
        id=id,
        kind=order.kind,
        owner=order.owner,
        target=order.target,
        state=RequestState.FENCED,
        created_at=now,
        due_at=now + due,
        completed_at=None,
        counts=Counter(str(kind) for _, kind in going),
        held=Counter(str(one.kind) for one in standing),
    )


def _hold_facts(standing: Sequence[holds.Standing]) -> Sequence[Mapping[str, Any]]:
    """What the certificate says of what stays: how many of each kind, on what basis, until when."""
    groups = Counter((str(one.kind), one.basis, one.until.isoformat()) for one in standing)
    return [
        {"kind": kind, "basis": basis, "until": until, "count": count}
        for (kind, basis, until), count in sorted(groups.items())
    ]


def _leaves(request: Request, order: Order, going: Sequence[UUID], now: datetime) -> Sequence[Leaf]:
    """The last three are the certificate's evidence."""
    gone = [Leaf(event=LeafEvent.ARTIFACT_ERASING, at=now, artifact=ArtifactId.of(id)) for id in going]
    person = order.target if isinstance(order.target, SubjectId) else None
    if person is not None:
        gone.append(Leaf(event=LeafEvent.SUBJECT_ERASING, at=now, subject=person))
    about = partial(Leaf, at=now, request=request.id, subject=request.owner)
    return [
        *gone,
        about(event=LeafEvent.REQUEST_OPENED, words={"kind": request.kind, "by": order.by}),
        about(event=LeafEvent.ERASURE_FENCED, counts={"artifacts": len(going)}),
        about(event=LeafEvent.KEY_DESTROYED, counts={"keys": len(going) + (person is not None)}),
    ]
