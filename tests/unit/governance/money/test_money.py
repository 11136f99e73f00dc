"""Credits: set aside before work begins, captured for what was made, given back for what was not."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from governance.clock import ManualClock
from governance.config import GovernanceSettings, MoneySettings
from governance.errors import Conflict, Gone, NotFound, Unpaid
from governance.holder import Holder
from governance.model import (
    Artifact,
    Charge,
    JobOutcome,
    JobState,
    NewJob,
    Run,
    RunState,
    Subject,
    SubjectId,
)
from governance.money.model import CREDIT, Book, EntryKind, NewOrder, OrderState, Payment
from governance.money.money import kept_until
from governance.service import GovernanceService
from tests.support.governance import completed, holding, photo, running, sign_up, with_clock
from tests.support.money import books, buy, claim, make_picture, queue, start_pictures, succeed, unbalanced

WELCOME = 100


@pytest.fixture
def settings(settings: GovernanceSettings) -> GovernanceSettings:
    return settings.model_copy(update={"money": MoneySettings(welcome_credits=WELCOME)})


async def person(service: GovernanceService, holder: Holder) -> tuple[Subject, Artifact]:
    owner = await sign_up(service)
    return owner, await photo(holder, owner.id)


async def balance(service: GovernanceService, owner: SubjectId) -> tuple[int, int]:
    wallet = await service.wallet(owner)
    return wallet.available, wallet.held


async def test_a_training_is_paid_when_it_succeeds(service: GovernanceService, holder: Holder) -> None:
    owner, shown = await person(service, holder)
    job = await queue(service, owner.id, shown, 40)
    assert await balance(service, owner.id) == (60, 40)
    await succeed(service, holder, await claim(service, job.id))
    assert await balance(service, owner.id) == (60, 0)
    kinds = [entry.kind for entry in (await service.entries(owner.id)).items]
    assert kinds == [EntryKind.CAPTURE, EntryKind.HOLD, EntryKind.GRANT]
    assert await unbalanced(service) == []


@pytest.mark.parametrize("code", ["training_failed", "unlike"])
async def test_a_training_that_fails_or_scores_too_low_costs_nothing(
    service: GovernanceService, holder: Holder, code: str
) -> None:
    owner, shown = await person(service, holder)
    claimed = await claim(service, (await queue(service, owner.id, shown, 40)).id)
    await service.finish_job(claimed.job.id, claimed.attempt, JobOutcome(JobState.FAILED, code=code))
    assert await balance(service, owner.id) == (WELCOME, 0)


async def test_a_canceled_training_costs_nothing(service: GovernanceService, holder: Holder) -> None:
    owner, shown = await person(service, holder)
    job = await queue(service, owner.id, shown, 40)
    await service.cancel_job(job.id, owner.id)
    assert await balance(service, owner.id) == (WELCOME, 0)


async def test_without_credits_nothing_is_queued(service: GovernanceService, holder: Holder) -> None:
    owner, shown = await person(service, holder)
    with pytest.raises(Unpaid, match="101 credits and 100 are available"):
        await queue(service, owner.id, shown, 101)
    with pytest.raises(Unpaid):
        await start_pictures(service, owner.id, 51, 2)
    assert (await service.jobs(owner.id)).items == ()
    assert await balance(service, owner.id) == (WELCOME, 0)


async def test_two_at_once_cannot_spend_the_same_credits(service: GovernanceService, holder: Holder) -> None:
    owner, shown = await person(service, holder)
    work = [queue(service, owner.id, shown, 60) for _ in range(4)]
    answers = await asyncio.gather(*work, return_exceptions=True)
    assert sum(isinstance(answer, Unpaid) for answer in answers) == 3
    assert await balance(service, owner.id) == (40, 60)


async def test_a_repeated_request_is_held_once(service: GovernanceService, holder: Holder) -> None:
    owner, shown = await person(service, holder)
    new = NewJob(owner.id, (shown.id,), "fast", idempotency_key="k", charge=Charge(40))
    assert await service.enqueue_job(new) == await service.enqueue_job(new)
    assert await balance(service, owner.id) == (60, 40)


async def test_only_pictures_that_were_made_are_paid(service: GovernanceService, holder: Holder) -> None:
    owner, _ = await person(service, holder)
    run = await start_pictures(service, owner.id, 3, 4)
    assert await balance(service, owner.id) == (88, 12)
    for _ in range(2):
        await make_picture(holder, owner.id, run.id)
    assert await balance(service, owner.id) == (88, 12), "while it runs nothing is settled"
    await service.finish_run(run.id, RunState.FAILED)
    assert await balance(service, owner.id) == (94, 0)


async def test_a_picture_that_was_erased_before_it_was_settled_was_made(
    service: GovernanceService, holder: Holder
) -> None:
    owner, _ = await person(service, holder)
    run = await start_pictures(service, owner.id, 3, 2)
    made = await make_picture(holder, owner.id, run.id)
    await completed(service, (await service.erase(made.id)).id)
    await service.finish_run(run.id, RunState.SUCCEEDED)
    assert await balance(service, owner.id) == (97, 0)


async def test_a_run_whose_process_is_gone_is_ended_and_settled(settings: GovernanceSettings) -> None:
    clock = ManualClock()
    async with running(settings, with_clock(clock)) as service, holding(service) as holder:
        owner, run = await _silent_run(service, holder)
        clock.move(timedelta(seconds=settings.money.run_limit_s + 1))
        await service.parts.money.tidy()
        assert await balance(service, owner.id) == (97, 0)
        assert (await service.finish_run(run.id, RunState.SUCCEEDED)).state is RunState.FAILED


async def _silent_run(service: GovernanceService, holder: Holder) -> tuple[Subject, Run]:
    owner = await sign_up(service)
    run = await start_pictures(service, owner.id, 3, 4)
    await make_picture(holder, owner.id, run.id)
    return owner, run


async def test_an_order_is_fulfilled_once(service: GovernanceService) -> None:
    owner = await sign_up(service)
    order = await service.place_order(NewOrder(owner.id, "small", 500, 4900, "dkk"))
    paid = Payment(4900, 0, False, "dkk")
    for event in ("evt_1", "evt_1", "evt_2"):
        done = await service.settle_order(order.id, paid, event)
    assert (done.state, done.paid) == (OrderState.PAID, 4900)
    assert done.receipt is not None
    assert await balance(service, owner.id) == (WELCOME + 500, 0)
    assert await service.is_event_known("evt_1")
    assert not await service.is_event_known("evt_3")
    assert (await books(service))["cash:dkk"] == 4900


async def test_a_payment_that_fell_short_brings_nothing(service: GovernanceService) -> None:
    owner = await sign_up(service)
    order = await service.place_order(NewOrder(owner.id, "small", 500, 4900, "dkk"))
    assert (await service.settle_order(order.id, Payment(4899, 0, False, "dkk"))).state is OrderState.CREATED
    assert (await service.settle_order(order.id, Payment(0, 0, True, "dkk"))).state is OrderState.CANCELED
    with pytest.raises(Conflict, match="priced in dkk"):
        await service.settle_order(order.id, Payment(4900, 0, False, "eur"))
    assert await balance(service, owner.id) == (WELCOME, 0)


async def test_a_refund_takes_back_what_is_left(service: GovernanceService, holder: Holder) -> None:
    owner, shown = await person(service, holder)
    order = await buy(service, owner.id, 500, 4900)
    await succeed(service, holder, await claim(service, (await queue(service, owner.id, shown, 550)).id))
    half = await service.settle_order(order.id, Payment(4900, 2450, False, "dkk"))
    assert (half.state, half.refunded) == (OrderState.PAID, 2450)
    assert await balance(service, owner.id) == (0, 0), "250 were owed, 50 were there"
    await service.settle_order(order.id, Payment(4900, 2450, False, "dkk"))
    whole = await service.settle_order(order.id, Payment(4900, 4900, False, "dkk"))
    assert whole.state is OrderState.REFUNDED
    sums = await books(service)
    assert (sums["uncovered:credit"], sums.get("cash:dkk", 0)) == (-450, 0)
    assert await unbalanced(service) == []


async def test_a_refund_that_is_told_before_the_payment_is_the_same(service: GovernanceService) -> None:
    owner = await sign_up(service)
    order = await service.place_order(NewOrder(owner.id, "small", 500, 4900, "dkk"))
    assert (await service.settle_order(order.id, Payment(4900, 4900, False, "dkk"))).state is OrderState.REFUNDED
    assert await balance(service, owner.id) == (WELCOME, 0)


async def test_orders_belong_to_their_owner_and_their_key(service: GovernanceService) -> None:
    owner, other = await sign_up(service), await sign_up(service)
    new = NewOrder(owner.id, "small", 500, 4900, "dkk", key="k")
    order = await service.place_order(new)
    assert await service.place_order(new) == order
    with pytest.raises(Conflict):
        await service.place_order(NewOrder(owner.id, "large", 900, 9900, "dkk", key="k"))
    with pytest.raises(NotFound):
        await service.order(order.id, other.id)
    attached = await service.attach_payment(order.id, "pi_1")
    assert await service.order_of_payment("pi_1") == attached
    with pytest.raises(Conflict):
        await service.attach_payment(order.id, "pi_2")
    assert (await service.orders(owner.id)).items == (attached,)
    assert await service.order_of_payment("pi_3") is None


async def test_after_an_erasure_a_pseudonym_stays_as_long_as_the_law_says(settings: GovernanceSettings) -> None:
    clock = ManualClock(datetime(2026, 5, 1, tzinfo=UTC))
    async with running(settings, with_clock(clock)) as service, holding(service) as holder:
        owner, shown = await person(service, holder)
        order = await buy(service, owner.id, 500)
        job = await queue(service, owner.id, shown, 40)
        await completed(service, (await service.erase(owner.id)).id)
        assert (await service.order(order.id)).owner is None
        with pytest.raises(Gone):
            await service.wallet(owner.id)
        assert await _traces(service, owner, job.id.uuid.hex) == 0
        sums = await books(service)
        assert (sums["lapsed:credit"], sums["available:credit"], sums["cash:dkk"]) == (WELCOME + 500, 0, 5000)
        clock.move(datetime(2031, 12, 31, tzinfo=UTC) - clock())
        await service.parts.money.tidy()
        assert (await service.order(order.id)).paid == 5000
        clock.move(timedelta(days=2))
        await service.parts.money.tidy()
        with pytest.raises(NotFound):
            await service.order(order.id)
        assert await books(service) == {}


async def _traces(service: GovernanceService, owner: Subject, job: str) -> int:
    """Rows of money that lead to the person or to what they did."""
    async with service.parts.database.transaction() as conn:
        cursor = await conn.execute(
            """
            SELECT (SELECT count(*) FROM money_wallets WHERE subject = %(owner)s OR customer IS NOT NULL)
                 + (SELECT count(*) FROM money_holds WHERE job IS NOT NULL OR run IS NOT NULL)
                 + (SELECT count(*) FROM money_entries WHERE reference = %(job)s OR reference LIKE %(hex)s)
            """,
            {"owner": owner.id.uuid, "job": job, "hex": f"%{owner.id.digits}%"},
        )
        row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


async def test_who_never_paid_leaves_no_row(service: GovernanceService, holder: Holder) -> None:
    owner, shown = await person(service, holder)
    await queue(service, owner.id, shown, 40)
    await completed(service, (await service.erase(owner.id)).id)
    assert await books(service) == {}


async def test_a_payment_that_arrives_after_the_erasure_brings_no_credits(service: GovernanceService) -> None:
    owner = await sign_up(service)
    first = await buy(service, owner.id, 500)
    late = await service.place_order(NewOrder(owner.id, "small", 500, 4900, "dkk"))
    await completed(service, (await service.erase(owner.id)).id)
    done = await service.settle_order(late.id, Payment(4900, 0, False, "dkk"))
    assert (done.owner, done.state) == (None, OrderState.PAID)
    sums = await books(service)
    assert (sums["available:credit"], sums["cash:dkk"]) == (0, first.paid + 4900)


def test_bookkeeping_keeps_five_years_from_the_end_of_the_year() -> None:
    for day in (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 12, 31, tzinfo=UTC)):
        assert kept_until(day) == datetime(2032, 1, 1, tzinfo=UTC)


def test_credits_and_currencies_are_units_apart() -> None:
    assert CREDIT == "credit"
    assert Book.CASH != Book.AVAILABLE
