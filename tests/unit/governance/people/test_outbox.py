"""The outbox: each e-mail to one sender at a time, once, whatever dies."""

from collections.abc import Sequence
from datetime import timedelta

from governance.clock import ManualClock
from governance.ledger import notices
from governance.model import JobOutcome, JobState, NewJob, SubjectId
from governance.money.model import NewOrder, Payment
from governance.people.model import NewNotice, Notice, Template
from governance.rights.model import NewRightsRequest, Outcome, Right, Settlement
from governance.service import GovernanceService
from tests.support.governance import sign_up
from tests.support.waiting import eventually


async def queue(service: GovernanceService, subject: SubjectId, about: str = "one") -> None:
    async with service.parts.database.transaction() as conn:
        new = NewNotice(subject, Template.TRAINING_FAILED, about, {"training": "job_1"})
        await notices.queue(conn, new, service.parts.people.outbox._clock())


async def collected(service: GovernanceService, subject: SubjectId) -> Sequence[Notice]:
    await service.parts.people.outbox.collect()
    return [one for one in await service.claim_notices() if one.subject == subject]


async def test_the_same_is_told_once(service: GovernanceService) -> None:
    person = await sign_up(service)
    await queue(service, person.id)
    await queue(service, person.id)
    [notice] = await service.claim_notices()
    assert (notice.template, notice.facts, notice.attempt) == (Template.TRAINING_FAILED, {"training": "job_1"}, 1)
    await service.notice_sent(notice.id, notice.attempt)
    await queue(service, person.id)
    assert list(await service.claim_notices()) == []


async def test_somebody_without_an_account_is_told_nothing(service: GovernanceService) -> None:
    await queue(service, (await service.create_subject("eu-north-1")).id)
    assert list(await service.claim_notices()) == []


async def test_a_dead_senders_notice_goes_to_the_next_one_alone(service: GovernanceService, clock: ManualClock) -> None:
    await queue(service, (await sign_up(service)).id)
    [first] = await service.claim_notices()
    assert list(await service.claim_notices()) == []
    clock.move(timedelta(minutes=3))
    [second] = await service.claim_notices()
    assert (second.id, second.attempt) == (first.id, 2)
    await service.notice_sent(first.id, first.attempt)
    clock.move(timedelta(minutes=3))
    [third] = await service.claim_notices()
    assert third.id == first.id, "the late sender's word counts no more"
    await service.notice_sent(third.id, third.attempt)
    clock.move(timedelta(minutes=3))
    assert list(await service.claim_notices()) == []


async def test_what_the_relay_did_not_take_rests_twice_as_long_each_time(
    service: GovernanceService, clock: ManualClock
) -> None:
    await queue(service, (await sign_up(service)).id)
    for rest_s in (10, 20, 40):
        [notice] = await service.claim_notices()
        await service.notice_postponed(notice.id, notice.attempt)
        clock.move(timedelta(seconds=rest_s - 1))
        assert list(await service.claim_notices()) == []
        clock.move(timedelta(seconds=1))


async def test_that_the_relay_got_an_address_is_in_the_register(service: GovernanceService) -> None:
    person = await sign_up(service)
    for about in ("one", "two"):
        await queue(service, person.id, about)
    for notice in await service.claim_notices():
        await service.notice_sent(notice.id, notice.attempt)
    dossier = await service.dossier(person.id)
    [relay] = [one for one in dossier.recipients if one.name == "smtp-relay"]
    assert [each.fields for each in relay.transfers] == [("email",)]
    assert [row["state"] for row in dossier.records["notices"]] == ["sent", "sent"]


async def test_old_news_is_dropped_and_then_forgotten(service: GovernanceService, clock: ManualClock) -> None:
    person = await sign_up(service)
    await queue(service, person.id)
    clock.move(timedelta(days=8))
    await service.parts.people.outbox.tidy()
    assert list(await service.claim_notices()) == []
    clock.move(timedelta(days=31))
    await service.parts.people.outbox.tidy()
    assert (await service.dossier(person.id)).records["notices"] == []


async def test_an_erased_persons_notices_go(service: GovernanceService) -> None:
    person = await sign_up(service)
    await queue(service, person.id)
    await service.erase(person.id)
    assert list(await service.claim_notices()) == []

    async def gone() -> bool:
        async with service.parts.database.transaction() as conn:
            cursor = await conn.execute("SELECT count(*) FROM notices WHERE subject = %s", [person.id.uuid])
            return await cursor.fetchone() == (0,)

    assert await eventually(gone)


async def test_trainings_orders_and_answers_are_told_of_by_themselves(service: GovernanceService) -> None:
    person = await sign_up(service)
    job = await service.enqueue_job(NewJob(person.id, (), "fast", {}, gpu_seconds=1.0))
    [claimed] = await service.claim_jobs("worker", 1)
    await service.finish_job(job.id, claimed.attempt, JobOutcome(JobState.FAILED, code="no_face"))
    [told] = await collected(service, person.id)
    assert (told.template, told.facts) == (Template.TRAINING_FAILED, {"training": job.id})
    order = await service.place_order(NewOrder(person.id, "small", 100, 4900, "dkk", None))
    await service.settle_order(order.id, Payment(received=4900, refunded=0, currency="dkk", canceled=False))
    [told] = await collected(service, person.id)
    assert told.template is Template.ORDER_CONFIRMED
    assert (told.facts["order"], told.facts["credits"], told.facts["amount"]) == (order.id, 100, 4900)
    request = await service.ask(NewRightsRequest(Right.RECTIFICATION, person.id))
    await service.settle(request.id, Settlement(Outcome.NOTHING_HELD))
    [told] = await collected(service, person.id)
    assert (told.template, told.facts) == (Template.REQUEST_ANSWERED, {"request": request.id, "right": "rectification"})
    assert await collected(service, person.id) == []
