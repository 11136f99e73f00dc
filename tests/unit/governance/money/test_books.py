"""Random interleavings of everything that moves credits, against a plain model: the books always balance, nothing is
made unpaid, nothing is charged that was not made (Hypothesis, stateful)."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule, run_state_machine_as_test

from cluster.embedded.throwaway import Servers
from governance.blobs.memory import MemoryBlobStore
from governance.bootstrap import Extras
from governance.clock import ManualClock
from governance.config import MoneySettings
from governance.erasure.steps import no_scan
from governance.errors import Conflict, Fenced, Gone, GovernanceError, NotFound, Unpaid
from governance.holder import Holder
from governance.ids import JobId, OrderId, RunId, SubjectId
from governance.model import Artifact, ArtifactId, HolderKind, JobOutcome, JobState, RequestState, RunState
from governance.money.model import NewOrder, Payment
from governance.policy import shipped
from governance.service import GovernanceService
from tests.support.governance import REGION, fresh_database, photo, settings_for, sign_up
from tests.support.money import claim, make_picture, queue, start_pictures, succeed, unbalanced

T = TypeVar("T")
WELCOME, PACK, PRICE = 100, 60, 4800


@dataclass
class Purse:
    """What the model knows of a person."""

    available: int = WELCOME
    held: int = 0
    erased: bool = False


@dataclass
class Work:
    """Something that was paid for in advance; `made` of `count` things."""

    owner: SubjectId
    each: int
    count: int
    made: int = 0
    ended: bool = False


@dataclass
class Bought:
    owner: SubjectId
    paid: int = 0
    refunded: int = 0


class Shop(RuleBasedStateMachine):
    """Each rule drives the public interface and the model side by side."""

    servers: Servers
    people = Bundle("people")
    jobs = Bundle("jobs")
    runs = Bundle("runs")
    pictures = Bundle("pictures")
    orders = Bundle("orders")

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = TemporaryDirectory()
        self.database = fresh_database(self.servers, migrated=True)
        dsn = self.database.__enter__()
        money = MoneySettings(welcome_credits=WELCOME)
        self.settings = settings_for(self.servers, dsn, Path(self.folder.name), lease_s=600).model_copy(
            update={"money": money}
        )
        self.clock, self.store, self.journal = ManualClock(), MemoryBlobStore(), MemoryBlobStore()
        self.purses: dict[SubjectId, Purse] = {}
        self.photos: dict[SubjectId, Artifact] = {}
        self.work: dict[JobId | RunId, Work] = {}
        self.bought: dict[OrderId, Bought] = {}
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
        owner = self.run(sign_up(self.service)).id
        self.photos[owner] = self.run(photo(self.holder, owner))
        self.purses[owner] = Purse()
        return owner

    @rule(target=jobs, owner=people, price=st.sampled_from([1, 40, 90]))
    def ask_for_a_training(self, owner: SubjectId, price: int) -> Any:
        return self._begin(owner, price, 1, queue(self.service, owner, self.photos[owner], price))

    @rule(target=runs, owner=people, each=st.sampled_from([1, 20]), count=st.integers(1, 4))
    def ask_for_pictures(self, owner: SubjectId, each: int, count: int) -> Any:
        return self._begin(owner, each, count, start_pictures(self.service, owner, each, count))

    def _begin(self, owner: SubjectId, each: int, count: int, call: Coroutine[Any, Any, Any]) -> Any:
        purse = self.purses[owner]
        try:
            id = self.run(call).id
        except Unpaid:
            assert purse.available < each * count
            return multiple()
        except (Fenced, Gone):
            assert purse.erased
            return multiple()
        assert not purse.erased
        assert purse.available >= each * count, "begun without being paid"
        purse.available -= each * count
        purse.held += each * count
        self.work[id] = Work(owner, each, count)
        return id

    @rule(job=jobs, good=st.booleans())
    def a_worker_ends_it(self, job: JobId, good: bool) -> None:
        work = self.work[job]
        if work.ended:
            return
        claimed = self.run(claim(self.service, job))
        if good:
            self.run(succeed(self.service, self.holder, claimed))
        else:
            outcome = JobOutcome(JobState.FAILED, code="unlike")
            self.run(self.service.finish_job(job, claimed.attempt, outcome))
        work.made = int(good)
        self._end(job)

    @rule(job=jobs)
    def cancel(self, job: JobId) -> None:
        try:
            self.run(self.service.cancel_job(job))
        except (Conflict, Gone):
            assert self.work[job].ended
        else:
            self._end(job)

    @rule(target=pictures, run=runs)
    def make_a_picture(self, run: RunId) -> Any:
        work = self.work[run]
        if work.made == work.count:
            return multiple()
        try:
            made = self.run(make_picture(self.holder, work.owner, run))
        except (Fenced, Gone, NotFound):
            assert work.ended
            return multiple()
        assert not work.ended, "made after it was settled"
        work.made += 1
        return made.id

    @rule(run=runs, outcome=st.sampled_from([RunState.SUCCEEDED, RunState.FAILED, RunState.CANCELED]))
    def end_a_run(self, run: RunId, outcome: RunState) -> None:
        self.run(self.service.finish_run(run, outcome))
        self._end(run)

    @rule(picture=pictures)
    def erase_a_picture(self, picture: ArtifactId) -> None:
        try:
            self.run(self.service.erase(picture))
        except Gone:
            return

    @rule(target=orders, owner=people)
    def order(self, owner: SubjectId) -> Any:
        try:
            order = self.run(self.service.place_order(NewOrder(owner, "pack", PACK, PRICE, "dkk")))
        except Gone:
            assert self.purses[owner].erased
            return multiple()
        self.bought[order.id] = Bought(owner)
        return order.id

    @rule(order=orders, refunded=st.sampled_from([0, 0, 1200, PRICE]), times=st.integers(1, 2))
    def hear_of_a_payment(self, order: OrderId, refunded: int, times: int) -> None:
        bought = self.bought[order]
        purse = self.purses[bought.owner]
        if purse.erased and not self._left_something(bought.owner):
            with pytest.raises(NotFound):  # the till then gives the money back
                self.run(self.service.settle_order(order, Payment(PRICE, refunded, False, "dkk")))
            return
        for _ in range(times):
            self.run(self.service.settle_order(order, Payment(PRICE, refunded, False, "dkk")))
        if not bought.paid:
            bought.paid = PRICE
            purse.available += 0 if purse.erased else PACK
        if refunded > bought.refunded:
            owed = PACK * refunded // PRICE - PACK * bought.refunded // PRICE
            purse.available -= min(owed, purse.available)
            bought.refunded = refunded

    def _left_something(self, owner: SubjectId) -> bool:
        """Whoever never paid leaves no rows when they are erased."""
        return any(one.paid for one in self.bought.values() if one.owner == owner)

    @rule(owner=people)
    def erase_a_person(self, owner: SubjectId) -> None:
        try:
            self.run(self._erase(owner))
        except Gone:
            assert self.purses[owner].erased
            return
        for id, work in self.work.items():
            if work.owner == owner:
                self._end(id)
        self.purses[owner] = Purse(0, 0, erased=True)

    async def _erase(self, owner: SubjectId) -> None:
        request = await self.service.erase(owner)
        for _ in range(50):
            if (await self.service.request(request.id)).state is RequestState.COMPLETED:
                return
            await self.service.parts.runner.run_due()
            self.clock.move(timedelta(seconds=1))
        raise AssertionError("the erasure did not end")

    @rule()
    def walk_erasures(self) -> None:
        self.run(self.service.parts.runner.run_due())
        self.clock.move(timedelta(seconds=1))

    @rule()
    def sweep(self) -> None:
        self.run(self.service.parts.money.settle())

    def _end(self, id: JobId | RunId) -> None:
        work = self.work[id]
        if work.ended:
            return
        work.ended = True
        purse = self.purses[work.owner]
        purse.held -= work.each * work.count
        purse.available += work.each * (work.count - work.made)

    @invariant()
    def the_books_balance(self) -> None:
        assert self.run(unbalanced(self.service)) == []

    @invariant()
    def everybody_has_what_is_theirs(self) -> None:
        for owner, purse in self.purses.items():
            try:
                wallet = self.run(self.service.wallet(owner))
            except GovernanceError:
                assert purse.erased
                continue
            assert (wallet.available, wallet.held) == (purse.available, purse.held)


@pytest.mark.timeout(900)
def test_whatever_happens_the_books_balance(servers: Servers) -> None:
    Shop.servers = servers
    run_state_machine_as_test(
        Shop,
        settings=settings(
            max_examples=6,
            stateful_step_count=25,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
