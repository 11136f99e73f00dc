"""Random interleavings of everything against a plain model of what must be readable (Hypothesis, stateful).

The model: who is active, frozen or erased, and for each artifact its bytes, people, parents, deadline and hold.
"""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule, run_state_machine_as_test

from cluster.embedded.throwaway import Servers
from governance.blobs.memory import MemoryBlobStore
from governance.bootstrap import Extras
from governance.clock import ManualClock
from governance.erasure.steps import no_scan
from governance.errors import Fenced, Frozen, Gone, GovernanceError, NotFound, Refused
from governance.holder import Holder
from governance.ids import ArtifactId, SubjectId
from governance.model import HolderKind, NewHold, Purpose
from governance.policy import shipped
from governance.service import GovernanceService
from tests.support.governance import REGION, fresh_database, photo, settings_for, sign_up

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


class World(RuleBasedStateMachine):
    """Each rule drives the public interface and the model side by side."""

    servers: Servers
    people = Bundle("people")
    artifacts = Bundle("artifacts")

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = TemporaryDirectory()
        self.database = fresh_database(self.servers)
        dsn = self.database.__enter__()
        self.settings = settings_for(self.servers, dsn, Path(self.folder.name), lease_s=30)
        self.clock, self.store, self.journal = ManualClock(), MemoryBlobStore(), MemoryBlobStore()
        self.status: dict[SubjectId, str] = {}
        self.shadows: dict[ArtifactId, Shadow] = {}
        self.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(asyncio.wait_for(work, 60))

    def start(self) -> None:
        extras = Extras(shipped(), self.clock, no_scan, store=self.store, journal_store=self.journal)
        self.service: GovernanceService = self.run(GovernanceService.open(self.settings, extras))
        self.run(self.service.parts.background.stop())
        self.holder = self.run(Holder.open(self.service, self.store, kind=HolderKind.TOOL, region=REGION))

    def teardown(self) -> None:
        self.run(self.holder.close())
        self.run(self.service.close())
        self.loop.close()
        self.database.__exit__(None, None, None)
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
        known = tuple(one for one in parents if one is not None)
        return self._write(owner, b"derived", known) if known else None

    def _write(self, owner: SubjectId, data: bytes, parents: tuple[ArtifactId, ...]) -> ArtifactId | None:
        people = frozenset({owner, *(one for id in parents for one in self.shadows[id].people)})
        fine = all(self.status[one] == "active" for one in people) and all(self._live(id) for id in parents)
        rows = tuple(self.run(self._row(id)) for id in parents)
        try:
            made = self.run(photo(self.holder, owner, data, rows))
        except (Fenced, Frozen, Gone, NotFound):
            assert not fine, "refused although everything lives"
            return None
        assert fine, "made from what is not live"
        assert made.deadline is not None
        self.shadows[made.id] = Shadow(data, people, parents, made.deadline)
        return made.id

    async def _row(self, id: ArtifactId) -> Any:
        """Only its id matters to whoever derives from it."""

        @dataclass
        class Row:
            id: ArtifactId

        return Row(id)

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
        else:
            assert self.status[owner] in (before, after)
            self.status[owner] = after

    @rule(id=artifacts, days=st.integers(min_value=1, max_value=60))
    def hold(self, id: ArtifactId | None, days: int) -> None:
        if id is None:
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
        if id is None:
            return
        try:
            self.run(self.service.erase(id))
        except Gone:
            assert self.shadows[id].erased
        self._take({id})

    @rule(owner=consumes(people))
    def erase_account(self, owner: SubjectId) -> None:
        self.run(self.service.erase(owner))
        self.status[owner] = "erased"
        self._take({id for id, shadow in self.shadows.items() if owner in shadow.people})

    @rule(days=st.integers(min_value=1, max_value=20))
    def time_passes(self, days: int) -> None:
        self.clock.move(timedelta(days=days))
        self.run(self.holder._lease())
        self.run(self._sweep())
        due = {id for id, one in self.shadows.items() if self._due(one)}
        self._take(due)

    async def _sweep(self) -> None:
        while await self.service.parts.expiry.sweep():
            pass

    @rule()
    def walk_erasures(self) -> None:
        self.run(self.service.parts.runner.run_due())
        self.clock.move(timedelta(seconds=1))

    @rule()
    def end_the_epoch(self) -> None:
        self.run(self.service.parts.rotation.rotate())

    @rule()
    def crash(self) -> None:
        """The process is gone without a word; another one takes over."""
        self.run(self.service.parts.database.close())
        self.holder._lose()
        assert self.holder._heart is not None
        self.holder._heart.cancel()
        self.holder._watchdog.stop()
        self.clock.move(timedelta(seconds=60))
        self.start()

    def _live(self, id: ArtifactId) -> bool:
        shadow = self.shadows[id]
        return not shadow.erased and not shadow.kept and shadow.deadline > self.clock()

    def _frozen(self, shadow: Shadow) -> bool:
        return any(self.status[one] == "frozen" for one in shadow.people)

    def _due(self, shadow: Shadow) -> bool:
        if shadow.kept:
            return shadow.held_until is not None and shadow.held_until <= self.clock()
        return not shadow.erased and shadow.deadline <= self.clock() and not self._frozen(shadow)

    def _take(self, roots: set[ArtifactId]) -> None:
        """The closure goes, but for what a hold keeps."""
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
            max_examples=8, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
