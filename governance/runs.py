"""Runs: no activity without a purpose, a legal basis and living inputs (I3, P2.5)."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from governance.audit.leaf import Leaf, LeafEvent
from governance.clock import Clock
from governance.errors import Fenced, Frozen, GovernanceError, NotFound, Objected
from governance.ledger import artifacts, fences, runs, subjects
from governance.ledger.database import Connection, Database
from governance.ledger.leaves import record
from governance.ledger.subjects import SubjectKey
from governance.model import Artifact, ArtifactState, NewRun, Purpose, Run, RunId, RunState, SubjectId, SubjectStatus
from governance.money.money import Money
from governance.policy import Policy
from governance.rights.shares import check_consents

People = Mapping[SubjectId, SubjectKey]


class Runs:
    """See `api.RunsApi` for what each call promises."""

    def __init__(self, database: Database, policy: Policy, clock: Clock, money: Money) -> None:
        self._database, self._policy, self._clock, self._money = database, policy, clock, money

    async def start(self, new: NewRun) -> Run:
        for id in (*new.subjects, *new.inputs):
            id.check()
        try:
            async with self._database.transaction() as conn:
                return await self._start(conn, new)
        except GovernanceError:
            async with self._database.transaction() as conn:
                refused = Leaf(event=LeafEvent.RUN_REFUSED, at=self._clock(), words={"purpose": new.purpose})
                await record(conn, [refused])
            raise

    async def _start(self, conn: Connection, new: NewRun) -> Run:
        await fences.pass_through(conn)
        people = await subjects.lock_keys(conn, new.subjects, new.inputs)
        found = await artifacts.lock_share(conn, new.inputs)
        for id in new.inputs:
            self._check_input(new, found.get(id), id, people)
        if new.purpose is Purpose.GENERATION and new.subjects:
            await check_consents(conn, new.subjects[0], list(found.values()))
        for subject in new.subjects:
            if subject not in people:
                raise NotFound(f"there is no {subject}")
        for person in people.values():
            self._check_person(new.purpose, person)
        run = Run(
            id=RunId.new(),
            purpose=new.purpose,
            basis=self._policy.basis(new.purpose),
            subjects=_people(new, [found[one] for one in new.inputs]),
            inputs=new.inputs,
            state=RunState.RUNNING,
            started_at=self._clock(),
        )
        await runs.insert(conn, run)
        if new.charge is not None:
            await self._money.hold(conn, new.subjects[0], run.id, new.charge)
        await record(conn, [_leaf(LeafEvent.RUN_STARTED, run, run.started_at)])
        return run

    def _check_input(self, new: NewRun, found: Artifact | None, id: object, people: People) -> None:
        if found is None:
            raise NotFound(f"there is no {id} to work on")
        if found.state is not ArtifactState.LIVE:
            raise Fenced(f"{id} is {found.state}; nothing can work on it")
        frozen = any(people[one].state is SubjectStatus.FROZEN for one in found.subjects)
        overdue = found.deadline is not None and found.deadline <= self._clock()
        if overdue and not (self._policy.purposes[new.purpose].frozen and frozen):
            raise Fenced(f"{id} is past its deadline")
        self._policy.check_read(new.purpose, found.kind)

    def _check_person(self, purpose: Purpose, person: SubjectKey) -> None:
        if person.state is SubjectStatus.FROZEN and not self._policy.purposes[purpose].frozen:
            raise Frozen()
        if person.state not in (SubjectStatus.ACTIVE, SubjectStatus.FROZEN):
            raise Fenced(f"{person.id} is {person.state}")
        if purpose in person.objections:
            raise Objected()

    async def finish(self, id: RunId, outcome: RunState) -> Run:
        assert outcome is not RunState.RUNNING, "an outcome is an end"
        async with self._database.transaction() as conn:
            run = await runs.finish(conn, id, outcome, self._clock())
            if run is not None:
                await record(conn, [_leaf(LeafEvent.RUN_FINISHED, run, self._clock())])
                return run
            run = await runs.get(conn, id)
        if run is None:
            raise NotFound(f"there is no {id}")
        return run


def _people(new: NewRun, inputs: Sequence[Artifact]) -> tuple[SubjectId, ...]:
    return tuple(dict.fromkeys([*new.subjects, *(one for artifact in inputs for one in artifact.subjects)]))


def _leaf(event: LeafEvent, run: Run, at: datetime) -> Leaf:
    words = {"purpose": run.purpose, "basis": run.basis, "state": run.state}
    return Leaf(event=event, at=at, run=run.id, words=words)
