"""Registration (I1, I3, I4, I7): checked, keyed and recorded in one transaction, before any byte is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from governance.errors import Fenced, Frozen, GovernanceError, LeaseLost, NotFound, Objected
from governance.failpoints import FailPoint, reach
from governance.gate import hot_leaves
from governance.gate.context import GateContext
from governance.ledger import artifacts, epochs, fences, holders, runs, subjects
from governance.ledger.artifacts import Registered
from governance.ledger.database import Connection, together
from governance.ledger.holders import Session
from governance.ledger.leaves import record_encoded
from governance.ledger.subjects import SubjectKey
from governance.model import (
    Artifact,
    ArtifactId,
    ArtifactState,
    HolderId,
    NewArtifact,
    RunId,
    RunState,
    SubjectId,
    SubjectStatus,
    Ticket,
)
from governance.vault.cipher import new_key, zero
from governance.vault.wrap import seal, seal_artifact_key, unseal_named


@dataclass(frozen=True, slots=True)
class Registration:
    new: NewArtifact
    holder: HolderId


@dataclass(frozen=True, slots=True)
class _Known:
    """What the ledger says about everything that a batch names, under row locks."""

    subjects: Mapping[SubjectId, SubjectKey]
    parents: Mapping[ArtifactId, Artifact]
    runs: Mapping[RunId, RunState]
    sessions: Mapping[HolderId, Session]
    epoch: int
    now: datetime


async def apply(
    context: GateContext, conn: Connection, ops: Sequence[Registration]
) -> Sequence[Ticket | GovernanceError]:
    """Register a batch; one that is refused does not disturb the others."""
    known = await _look_up(context, conn, ops)
    keys = await _SubjectKeys.open(context, known)
    answers: list[Ticket | GovernanceError] = []
    rows: list[Registered] = []
    for op in ops:
        try:
            row, ticket = await _register(context, known, keys, op)
        except GovernanceError as error:
            answers.append(error)
        else:
            rows.append(row)
            answers.append(ticket)
    keys.zero()
    if rows:
        await artifacts.insert(conn, rows)
        at = hot_leaves.at(known.now)
        made = [row.artifact for row in rows]
        await record_encoded(conn, [hot_leaves.registered(one.id, at, one.kind, one.purpose) for one in made])
    reach(FailPoint.REGISTER_ROWS)
    return answers


async def _look_up(context: GateContext, conn: Connection, ops: Sequence[Registration]) -> _Known:
    run_ids = {op.new.run for op in ops if op.new.run}
    parent_ids = {parent for op in ops for parent in op.new.parents}
    await fences.pass_through(conn)
    now = context.clock()
    epoch, people, parents, states, sessions = await together(
        epochs.active(conn),
        subjects.lock_keys(conn, {one for op in ops for one in op.new.subjects}, parent_ids),
        artifacts.lock_share(conn, parent_ids),
        runs.lock_states(conn, run_ids),
        holders.sessions(conn, {op.holder for op in ops}, now),
    )
    return _Known(people, parents, states, sessions, epoch, now)


class _SubjectKeys:
    """The opened keys of a batch's subjects and sessions, zeroed when the batch is done."""

    def __init__(self, context: GateContext, known: _Known) -> None:
        self._context, self._known = context, known
        self._subjects: dict[SubjectId, bytearray] = {}
        self._sessions: dict[HolderId, bytearray] = {}
        self.secret = bytearray()

    @classmethod
    async def open(cls, context: GateContext, known: _Known) -> "_SubjectKeys":
        keys = cls(context, known)
        keys.secret = await context.keys.secret(known.epoch)
        return keys

    async def subject(self, id: SubjectId) -> bytearray:
        if id not in self._subjects:
            row = self._known.subjects[id]
            assert row.sealed is not None, "an active subject has a key"
            self._subjects[id] = unseal_named(await self._context.keys.secret(row.epoch), id, row.sealed)
        return self._subjects[id]

    async def session(self, id: HolderId) -> bytearray:
        if id not in self._sessions:
            row = self._known.sessions.get(id)
            if row is None:
                raise LeaseLost()
            self._sessions[id] = unseal_named(await self._context.keys.secret(row.epoch), id, row.sealed)
        return self._sessions[id]

    def zero(self) -> None:
        for key in (*self._subjects.values(), *self._sessions.values()):
            zero(key)


async def _register(
    context: GateContext, known: _Known, keys: _SubjectKeys, op: Registration
) -> tuple[Registered, Ticket]:
    new = op.new
    context.policy.check_make(new.purpose, new.kind)
    session = await keys.session(op.holder)
    goes_on = context.policy.purposes[new.purpose].frozen
    parents = [_live_parent(known, parent, goes_on) for parent in new.parents]
    people = _live_subjects(known, new, parents, goes_on)
    for one in people:
        context.policy.check_region(known.subjects[one].region, known.sessions[op.holder].region)
    if new.run is not None and known.runs.get(new.run) is not RunState.RUNNING:
        raise Fenced("the run has ended; nothing can be made in it any more")
    id = ArtifactId.new()
    artifact = Artifact(
        id=id,
        kind=new.kind,
        subjects=people,
        parents=tuple(dict.fromkeys(new.parents)),
        purpose=new.purpose,
        run=new.run,
        state=ArtifactState.REGISTERED,
        location=id.location(people[0]),
        size=None,
        created_at=known.now,
        deadline=context.policy.deadline(new.kind, known.now, [parent.deadline for parent in parents]),
    )
    key = new_key()
    sealed = seal_artifact_key(keys.secret, [await keys.subject(one) for one in people], id, key)
    ticket = Ticket(artifact, seal(session, key, id.encode()))
    zero(key)
    return Registered(artifact, op.holder, sealed, known.epoch), ticket


def _live_parent(known: _Known, id: ArtifactId, goes_on: bool) -> Artifact:
    parent = known.parents.get(id)
    if parent is None:
        raise NotFound(f"there is no {id} to derive from")
    if parent.state is not ArtifactState.LIVE:
        raise Fenced(f"{id} is {parent.state}; nothing can be derived from it")
    kept = goes_on and any(known.subjects[one].state is SubjectStatus.FROZEN for one in parent.subjects)
    if parent.deadline is not None and parent.deadline <= known.now and not kept:
        raise Fenced(f"{id} is past its deadline; nothing can be derived from it")
    return parent


def _live_subjects(
    known: _Known, new: NewArtifact, parents: Sequence[Artifact], goes_on: bool
) -> tuple[SubjectId, ...]:
    """The declared subjects and those of all parents, in a fixed order, all active (or frozen, where the purpose goes
    on then), and none objecting."""
    people = dict.fromkeys([*new.subjects, *(one for parent in parents for one in parent.subjects)])
    if not people:
        raise NotFound("an artifact needs at least one subject")
    for id in people:
        row = known.subjects.get(id)
        if row is None:
            raise NotFound(f"there is no {id}")
        if row.state is SubjectStatus.FROZEN and not goes_on:
            raise Frozen()
        if row.state not in (SubjectStatus.ACTIVE, SubjectStatus.FROZEN):
            raise Fenced(f"{id} is {row.state}")
        if new.purpose in row.objections:
            raise Objected()
    return tuple(people)
