"""Reading: a purpose is checked, a holding recorded, and the data key sealed to the holder (I5, I6, P2.6)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from governance.audit.leaf import Leaf, LeafEvent
from governance.errors import Frozen, Gone, GovernanceError, LeaseLost, NotFound, Objected, Refused
from governance.failpoints import FailPoint, reach
from governance.gate.context import GateContext
from governance.ledger import artifacts, fences, holders, subjects
from governance.ledger.artifacts import Sealed
from governance.ledger.database import Connection, together
from governance.ledger.holders import Holding, Session
from governance.ledger.leaves import record
from governance.ledger.subjects import SubjectKey
from governance.model import ArtifactId, ArtifactState, Grant, HolderId, LeaseId, Purpose, SubjectId, SubjectStatus
from governance.vault.cipher import zero
from governance.vault.keyring import CUSTODY
from governance.vault.wrap import seal, unseal_artifact_key, unseal_named


@dataclass(frozen=True, slots=True)
class Read:
    id: ArtifactId
    purpose: Purpose
    holder: HolderId


@dataclass(frozen=True, slots=True)
class _Known:
    subjects: Mapping[SubjectId, SubjectKey]
    artifacts: Mapping[ArtifactId, Sealed]
    sessions: Mapping[HolderId, Session]
    now: datetime


async def apply(context: GateContext, conn: Connection, ops: Sequence[Read]) -> Sequence[Grant | GovernanceError]:
    """Grant a batch. Refusals for a wrong purpose are recorded too."""
    known = await _look_up(context, conn, ops)
    answers = [await _answer(context, known, op) for op in ops]
    granted = [(op, answer) for op, answer in zip(ops, answers, strict=True) if isinstance(answer, Grant)]
    if granted:
        # One row per key: PostgreSQL refuses to meet the same conflict twice in one statement.
        unique = {(op.holder, op.id, op.purpose): Holding(op.holder, op.id, op.purpose, g.lease) for op, g in granted}
        await holders.insert_holdings(conn, list(unique.values()), known.now)
    leaves = [leaf for op, answer in zip(ops, answers, strict=True) for leaf in _leaves(known, op, answer)]
    if leaves:
        await record(conn, leaves)
    reach(FailPoint.GRANT_ROWS)
    return answers


async def _look_up(context: GateContext, conn: Connection, ops: Sequence[Read]) -> _Known:
    ids = {op.id for op in ops}
    await fences.pass_through(conn)
    now = context.clock()
    people, found, sessions = await together(
        subjects.lock_keys(conn, [], ids),
        artifacts.get_sealed(conn, ids),
        holders.sessions(conn, {op.holder for op in ops}, now),
    )
    return _Known(people, found, sessions, now)


async def _answer(context: GateContext, known: _Known, op: Read) -> Grant | GovernanceError:
    try:
        return await _grant(context, known, op)
    except GovernanceError as error:
        return error


async def _grant(context: GateContext, known: _Known, op: Read) -> Grant:
    row = known.artifacts.get(op.id)
    if row is None:
        raise NotFound(f"there is no {op.id}")
    _check(context, known, op, row)
    session = known.sessions.get(op.holder)
    if session is None:
        raise LeaseLost()
    if row.artifact.state is not ArtifactState.HELD:
        for one in row.artifact.subjects:
            context.policy.check_region(known.subjects[one].region, session.region)
    assert row.version_id is not None
    assert row.sha256 is not None
    key = await _artifact_key(context, known, row)
    session_key = unseal_named(await context.keys.secret(session.epoch), op.holder, session.sealed)
    sealed = seal(session_key, key, op.id.encode())
    zero(key)
    zero(session_key)
    return Grant(LeaseId.new(), row.artifact, row.version_id, sealed, row.sha256)


def _check(context: GateContext, known: _Known, op: Read, row: Sealed) -> None:
    artifact = row.artifact
    if artifact.state in (ArtifactState.ERASING, ArtifactState.ERASED):
        raise Gone()
    if artifact.state is ArtifactState.REGISTERED:
        raise NotFound(f"{op.id} is not written yet")
    if artifact.state is ArtifactState.HELD:
        context.policy.check_read_held(op.purpose, artifact.kind)
        return
    context.policy.check_read(op.purpose, artifact.kind)
    frozen = any(known.subjects[one].state is SubjectStatus.FROZEN for one in artifact.subjects)
    if frozen and not context.policy.purposes[op.purpose].frozen:
        raise Frozen()
    if any(op.purpose in known.subjects[one].objections for one in artifact.subjects):
        raise Objected()
    if not frozen and artifact.deadline is not None and artifact.deadline <= known.now:
        raise Gone()


async def _artifact_key(context: GateContext, known: _Known, row: Sealed) -> bytearray:
    assert row.sealed_key is not None, "what is live or held has a key"
    secret = await context.keys.secret(row.epoch)
    if row.artifact.state is ArtifactState.HELD:
        people = [await context.keys.service_key(CUSTODY)]
    else:
        people = [await _subject_key(context, known.subjects[one]) for one in row.artifact.subjects]
    try:
        return unseal_artifact_key(secret, people, row.artifact.id, row.sealed_key)
    finally:
        for one in people:
            zero(one)


async def _subject_key(context: GateContext, row: SubjectKey) -> bytearray:
    assert row.sealed is not None, "what is live has living subjects"
    return unseal_named(await context.keys.secret(row.epoch), row.id, row.sealed)


def _leaves(known: _Known, op: Read, answer: Grant | GovernanceError) -> Sequence[Leaf]:
    if isinstance(answer, Grant):
        event = LeafEvent.ARTIFACT_READ_GRANTED
    elif isinstance(answer, Refused):
        event = LeafEvent.ARTIFACT_READ_REFUSED
    else:
        return []
    return [Leaf(event=event, at=known.now, artifact=op.id, holder=op.holder, words={"purpose": op.purpose})]
