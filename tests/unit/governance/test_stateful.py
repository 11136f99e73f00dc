"""Random interleavings of everything against a plain model of what must be readable (Hypothesis, stateful).

The model: who is active, frozen or erased, and for each artifact its bytes, people, parents, deadline and hold; which
runs may still make something; and what all of it was like when the last backup was made.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import ExitStack
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from cluster.embedded.throwaway import Servers
from governance.background import end
from governance.backup.make import make_backup
from governance.backup.restore import restore_backup
from governance.blobs.memory import MemoryBlobStore
from governance.bootstrap import Extras
from governance.clock import ManualClock
from governance.erasure.steps import no_scan
from governance.errors import Fenced, Frozen, Gone, GovernanceError, KeyUnavailable, NotFound, Refused
from governance.holder import Holder
from governance.ids import ArtifactId, RunId, SubjectId
from governance.model import HolderKind, Kind, NewArtifact, NewHold, NewRun, Purpose, RunState
from governance.policy import shipped
from governance.service import GovernanceService
from tests.support.governance import REGION, fresh_database, settings_for, sign_up

T = TypeVar("T")


@dataclass
class Shadow:
    """What the model knows of an artifact."""

    data: bytes
    people: frozenset[SubjectId]
    parents: tuple[ArtifactId, ...]
    deadline: datetime
    erased: bool = False
    held_until: datetime | None = None
    kept: bool = False


@dataclass
class Activity:
    """What the model knows of a run."""

    people: frozenset[SubjectId]
    inputs: tuple[ArtifactId, ...]
    running: bool = True


@dataclass
class Facts:
    """All of the model that a backup brings back."""

    status: dict[SubjectId, str] = field(default_factory=dict)
    shadows: dict[ArtifactId, Shadow] = field(default_factory=dict)
    runs: dict[RunId, Activity] = field(default_factory=dict)


@dataclass
class Saved:
    """A backup: where it lies, what was true then, and what was erased since, in order."""

    folder: Path
    facts: Facts
    readable: bool = True
    since: list[Callable[[], None]] = field(default_factory=list)


class World(RuleBasedStateMachine):
    """Each rule drives the public interface and the model side by side."""

    servers: Servers
    people = Bundle("people")
    artifacts = Bundle("artifacts")
    runs = Bundle("runs")

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = TemporaryDirectory()
        self.databases = ExitStack()
        self.settings = settings_for(self.servers, self._database(migrated=True), Path(self.folder.name), lease_s=30)
        self.clock, self.store, self.journal = ManualClock(), MemoryBlobStore(), MemoryBlobStore()
        self.facts = Facts()
        self.saved: Saved | None = None
        self.backups = 0
        self.start()

    @property
    def status(self) -> dict[SubjectId, str]:
        return self.facts.status

    @property
    def shadows(self) -> dict[ArtifactId, Shadow]:
        return self.facts.shadows

    def _database(self, migrated: bool = False) -> str:
        return self.databases.enter_context(fresh_database(self.servers, migrated))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(asyncio.wait_for(work, 60))

    def start(self) -> None:
        self.extras = Extras(shipped(), self.clock, no_scan, store=self.store, journal_store=self.journal)
        self.service: GovernanceService = self.run(GovernanceService.open(self.settings, self.extras))
        self.run(self.service.parts.background.stop())
        self.holder = self.run(Holder.open(self.service, self.store, kind=HolderKind.TOOL, region=REGION))

    def teardown(self) -> None:
        self.run(self.holder.close())
        self.run(self.service.close())
        self.loop.close()
        self.databases.close()
        self.folder.cleanup()

    @rule(target=people)
    def sign_up(self) -> SubjectId:
        id = self.run(sign_up(self.service)).id
        self.status[id] = "active"
        return id

    @rule(target=artifacts, owner=people, data=st.binary(min_size=1, max_size=20))
    def upload(self, owner: SubjectId, data: bytes) -> ArtifactId | None:
        return self._write(owner, data, ())

    @rule(target=artifacts, owner=people, parents=st.lists(artifacts, min_size=1, max_size=3, unique=True))
    def derive(self, owner: SubjectId, parents: list[ArtifactId | None]) -> ArtifactId | None:
        known = tuple(one for one in parents if one in self.shadows)
        return self._write(owner, b"derived", known) if known else None

    @rule(target=runs, owner=people, inputs=st.lists(artifacts, min_size=1, max_size=3, unique=True))
    def start_run(self, owner: SubjectId, inputs: list[ArtifactId | None]) -> RunId | None:
        known = tuple(one for one in inputs if one in self.shadows)
        if not known:
            return None
        people = self._people(owner, known)
        try:
            run = self.run(self.service.start_run(NewRun(Purpose.TRAINING, (owner,), known)))
        except (Fenced, Frozen, NotFound):
            assert not self._fine(people, known), "refused although everything lives"
            return None
        assert self._fine(people, known), "begun on what is not live"
        self.facts.runs[run.id] = Activity(people, known)
        return run.id

    @rule(id=runs)
    def finish_run(self, id: RunId | None) -> None:
        if id in self.facts.runs:
            self.run(self.service.finish_run(id, RunState.SUCCEEDED))
            self.facts.runs[id].running = False

    @rule(target=artifacts, id=runs)
    def make_in_run(self, id: RunId | None) -> ArtifactId | None:
        if id not in self.facts.runs:
            return None
        activity = self.facts.runs[id]
        return self._write(min(activity.people), b"made in a run", activity.inputs, id)

    def _people(self, owner: SubjectId, parents: tuple[ArtifactId, ...]) -> frozenset[SubjectId]:
        return frozenset({owner, *(one for id in parents for one in self.shadows[id].people)})

    def _fine(self, people: frozenset[SubjectId], parents: tuple[ArtifactId, ...]) -> bool:
        return all(self.status.get(one) == "active" for one in people) and all(self._live(id) for id in parents)

    def _write(
        self, owner: SubjectId, data: bytes, parents: tuple[ArtifactId, ...], run: RunId | None = None
    ) -> ArtifactId | None:
        people = self._people(owner, parents)
        fine = self._fine(people, parents) and (run is None or self.facts.runs[run].running)
        new = NewArtifact(Kind.ADAPTER if parents else Kind.PHOTO, (owner,), Purpose.TRAINING, parents, run)
        try:
            made = self.run(self.holder.write(new, data))
        except (Fenced, Frozen, Gone, NotFound):
            assert not fine, "refused although everything lives"
            return None
        assert fine, "made from what is not live"
        assert made.deadline is not None
        self.shadows[made.id] = Shadow(data, people, parents, made.deadline)
        return made.id

    @rule(owner=people)
    def restrict(self, owner: SubjectId) -> None:
        self._move(owner, "active", "frozen", self.service.restrict(owner))

    @rule(owner=people)
    def lift(self, owner: SubjectId) -> None:
        self._move(owner, "frozen", "active", self.service.lift(owner))

    def _move(self, owner: SubjectId, before: str, after: str, call: Coroutine[Any, Any, object]) -> None:
        try:
            self.run(call)
        except Gone:
            assert self.status[owner] == "erased"
        except NotFound:
            assert owner not in self.status
        else:
            assert self.status[owner] in (before, after)
            self.status[owner] = after

    @rule(id=artifacts, days=st.integers(min_value=1, max_value=60))
    def hold(self, id: ArtifactId | None, days: int) -> None:
        if id not in self.shadows:
            return
        shadow = self.shadows[id]
        until = self.clock() + timedelta(days=days)
        try:
            self.run(self.service.place_hold(NewHold(id, "court-order", until)))
        except Fenced:
            assert shadow.erased
        else:
            assert not shadow.erased
            shadow.held_until = max(until, shadow.held_until or until)

    @rule(id=artifacts)
    def erase_one(self, id: ArtifactId | None) -> None:
        if id not in self.shadows:
            return
        try:
            self.run(self.service.erase(id))
        except Gone:
            assert self.shadows[id].erased
        self._erase_for_good({id})

    @rule(owner=consumes(people))
    def erase_account(self, owner: SubjectId) -> None:
        if owner in self.status:
            self.run(self.service.erase(owner))
            self._erase_for_good({id for id, shadow in self.shadows.items() if owner in shadow.people}, owner)

    def _erase_for_good(self, roots: set[ArtifactId], owner: SubjectId | None = None) -> None:
        """Now, and again in whatever a backup brings back."""
        taken = frozenset(self._take(roots, owner))

        def again() -> None:
            known = {id for id in taken if id in self.shadows}
            if owner in self.status:
                known |= {id for id, shadow in self.shadows.items() if owner in shadow.people}
            self._take(known, owner)

        if self.saved is not None:
            self.saved.since.append(again)

    @rule(days=st.integers(min_value=1, max_value=20))
    def time_passes(self, days: int) -> None:
        self.clock.move(timedelta(days=days))
        self.run(self.holder._lease())
        self.run(self._sweep())
        self._erase_for_good({id for id, one in self.shadows.items() if self._due(one)})

    async def _sweep(self) -> None:
        """All that is due, and its first step, which writes it into the journal."""
        while await self.service.parts.expiry.sweep():
            pass
        while await self.service.parts.runner.run_due():
            pass

    @rule()
    def walk_erasures(self) -> None:
        self.run(self.service.parts.runner.run_due())
        self.clock.move(timedelta(seconds=1))

    @rule()
    def end_the_epoch(self) -> None:
        self.run(self.service.parts.rotation.rotate())
        if self.saved is not None:
            self.saved.readable = False

    @rule()
    def back_up(self) -> None:
        self.backups += 1
        folder = Path(self.folder.name) / f"backup-{self.backups}"
        self.run(make_backup(self.service.parts, folder, self.clock))
        self.saved = Saved(folder, deepcopy(self.facts))

    @precondition(lambda self: self.saved is not None)
    @rule()
    def lose_the_database_and_restore(self) -> None:
        """What was made since is lost; what was erased since stays erased."""
        assert self.saved is not None
        ledger = self.settings.ledger.model_copy(update={"dsn": self._database()})
        elsewhere = self.settings.model_copy(update={"ledger": ledger})
        restoring = restore_backup(elsewhere, self.saved.folder, self.extras)
        if not self.saved.readable:
            with pytest.raises(KeyUnavailable):
                self.run(restoring)
            return
        self._die()
        self.run(restoring)
        self.settings = elsewhere
        self.facts, since = deepcopy(self.saved.facts), list(self.saved.since)
        for again in since:
            again()
        self.start()

    @rule()
    def crash(self) -> None:
        """The process is gone without a word; another one takes over."""
        self._die()
        self.start()

    def _die(self) -> None:
        self.run(self.service.parts.database.close())
        self.holder._lose()
        assert self.holder._heart is not None
        self.run(end([self.holder._heart]))
        self.holder._watchdog.stop()
        self.clock.move(timedelta(seconds=60))

    def _live(self, id: ArtifactId) -> bool:
        shadow = self.shadows[id]
        return not shadow.erased and not shadow.kept and shadow.deadline > self.clock()

    def _frozen(self, shadow: Shadow) -> bool:
        return any(self.status[one] == "frozen" for one in shadow.people)

    def _due(self, shadow: Shadow) -> bool:
        if shadow.kept:
            return shadow.held_until is not None and shadow.held_until <= self.clock()
        return not shadow.erased and shadow.deadline <= self.clock() and not self._frozen(shadow)

    def _take(self, roots: set[ArtifactId], owner: SubjectId | None = None) -> set[ArtifactId]:
        """The closure goes, but for what a hold keeps, and the runs that worked on it end; gives the closure."""
        grown = True
        while grown:
            below = {id for id, one in self.shadows.items() if roots & set(one.parents)}
            grown = not below <= roots
            roots |= below
        for id in roots:
            shadow = self.shadows[id]
            held = shadow.held_until is not None and shadow.held_until > self.clock()
            if held and not shadow.erased:
                shadow.kept = True
            else:
                shadow.erased, shadow.kept = True, False
        if owner in self.status:
            self.status[owner] = "erased"
        for activity in self.facts.runs.values():
            if owner in activity.people or roots & set(activity.inputs):
                activity.running = False
        return roots

    @invariant()
    def exactly_what_must_be_is_readable(self) -> None:
        for id, shadow in self.shadows.items():
            expected = self._live(id) or (not shadow.erased and not shadow.kept and self._frozen(shadow))
            assert self.run(self._read(id, Purpose.DELIVERY)) == (shadow.data if expected else None)
            allowed = expected and not self._frozen(shadow)
            assert self.run(self._read(id, Purpose.TRAINING)) == (shadow.data if allowed else None)
            assert self.run(self._read(id, Purpose.LEGAL)) == (shadow.data if shadow.kept else None)

    async def _read(self, id: ArtifactId, purpose: Purpose) -> bytes | None:
        try:
            async with self.holder.plaintext(id, purpose) as buffer:
                return bytes(buffer)
        except (Gone, Frozen, Refused, NotFound):
            return None
        except GovernanceError as error:
            raise AssertionError(f"{id}: {error!r}") from error


@pytest.mark.timeout(600)
def test_whatever_happens_exactly_what_must_be_is_readable(servers: Servers) -> None:
    World.servers = servers
    run_state_machine_as_test(
        World,
        settings=settings(
            max_examples=8,
            stateful_step_count=20,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
