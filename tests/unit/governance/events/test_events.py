"""What happens is written down by itself, numbered without gaps for whoever reads on, and goes with its person."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from governance.clock import ManualClock
from governance.config import GovernanceSettings
from governance.errors import Gone
from governance.events.model import EventType, Happening
from governance.holder import Holder
from governance.ids import SubjectId
from governance.model import JobOutcome, JobReport, JobState, Kind, NewArtifact, NewRun, Purpose
from governance.rights.model import NewRightsRequest, Right
from governance.service import GovernanceService
from tests.support.governance import completed, holding, photo, running, sign_up, with_clock
from tests.support.money import buy, claim, queue, succeed
from tests.support.waiting import eventually


async def told(service: GovernanceService, owner: SubjectId, after: int = 0) -> list[Happening]:
    await service.parts.events.log.publish()
    return list(await service.happened(owner, after))


def types(found: list[Happening]) -> list[str]:
    return [str(one.type) for one in found]


async def test_a_training_from_queue_to_model(service: GovernanceService, holder: Holder) -> None:
    owner = (await sign_up(service)).id
    job = await queue(service, owner, await photo(holder, owner), 5)
    claimed = await claim(service, job.id)
    for progress in (0.01, 0.02, 0.11, 0.12):
        await service.report_job(job.id, claimed.attempt, JobReport(progress, 1.0))
    adapter = await succeed(service, holder, claimed)
    found = await told(service, owner)
    assert types(found) == ["training.queued", "training.started", "training.progress", "training.succeeded"]
    assert found[2].data == {"training": job.id, "state": "processing", "progress": 0.11}
    assert found[3].data["model"] == adapter.id
    assert [one.number for one in found] == sorted({one.number for one in found})
    assert await told(service, owner, after=found[1].number) == found[2:]
    assert [one.type for one in await service.happened(owner, about=job.id.uuid)] == [one.type for one in found]
    assert await service.happened(owner, about=adapter.id.uuid) == []
    assert found[-1].number <= await service.event_head()


async def test_a_failure_says_why(service: GovernanceService, holder: Holder) -> None:
    owner = (await sign_up(service)).id
    job = await queue(service, owner, await photo(holder, owner), 5)
    claimed = await claim(service, job.id)
    await service.finish_job(job.id, claimed.attempt, JobOutcome(JobState.FAILED, code="unlike"))
    last = (await told(service, owner))[-1]
    assert (last.type, last.data["error"]) == (EventType.TRAINING_FAILED, "unlike")


async def test_pictures_orders_rights_and_erasures(service: GovernanceService, holder: Holder) -> None:
    owner, other = (await sign_up(service)).id, (await sign_up(service)).id
    run = await service.start_run(NewRun(Purpose.GENERATION, (owner,)))
    image = await holder.write(NewArtifact(Kind.IMAGE, (owner,), Purpose.GENERATION, (), run.id), b"a picture")
    await buy(service, owner, 100)
    await service.ask(NewRightsRequest(Right.RESTRICTION, owner))
    request = await service.erase(image.id, owner=owner)
    await completed(service, request.id)
    found = await told(service, owner)
    assert sorted(types(found)) == sorted([
        "picture.created", "order.paid", "request.received", "request.answered", "request.received",
        "artifact.erased", "request.answered",
    ])  # fmt: skip
    created = next(one for one in found if one.type == EventType.PICTURE_CREATED)
    assert created.data["artifact"] == image.id
    assert created.data["run"] == run.id
    erased = next(one for one in found if one.type == EventType.ARTIFACT_ERASED)
    assert (erased.data["artifact"], erased.data["kind"]) == (image.id, "image")
    assert await told(service, other) == []


async def test_who_reads_by_number_misses_nothing_that_ends_late(service: GovernanceService) -> None:
    """A transaction that was open while another's event was numbered gets a greater number."""
    owner = (await sign_up(service)).id
    write = "SELECT tell(ARRAY[%s]::uuid[], 'order.paid', gen_random_uuid(), '{}')"
    async with service.parts.database.transaction() as slow:
        await slow.execute(write, [owner.uuid])
        async with service.parts.database.transaction() as quick:
            await quick.execute(write, [owner.uuid])
        [first] = await eventually(lambda: service.happened(owner))
    [second] = await eventually(lambda: service.happened(owner, first.number))
    assert second.number > first.number


async def test_numbers_are_given_once_when_many_give_them(service: GovernanceService) -> None:
    owner = (await sign_up(service)).id
    write = "SELECT tell(ARRAY[%s]::uuid[], 'order.paid', gen_random_uuid(), '{}') FROM generate_series(1, 40)"
    async with service.parts.database.transaction() as conn:
        await conn.execute(write, [owner.uuid])
    await asyncio.gather(*[service.parts.events.log.publish() for _ in range(4)])
    numbers = [one.number for one in await service.happened(owner)]
    assert len(numbers) == len(set(numbers)) == 40


async def test_an_erased_person_leaves_no_events(service: GovernanceService, holder: Holder) -> None:
    owner = (await sign_up(service)).id
    await photo(holder, owner)
    request = await service.erase(owner)
    await completed(service, request.id)
    with pytest.raises(Gone):
        await service.happened(owner)
    async with service.parts.database.transaction() as conn:
        await conn.execute("SELECT tell(ARRAY[%s]::uuid[], 'order.paid', gen_random_uuid(), '{}')", [owner.uuid])
        cursor = await conn.execute("SELECT count(*) FROM events WHERE subject = %s", [owner.uuid])
        assert await cursor.fetchone() == (0,)


@pytest.fixture
async def later(settings: GovernanceSettings) -> AsyncIterator[tuple[GovernanceService, ManualClock]]:
    clock = ManualClock()
    async with running(settings, with_clock(clock)) as service:
        yield service, clock


async def test_a_deadline_is_announced_once_and_three_days_before(
    later: tuple[GovernanceService, ManualClock],
) -> None:
    service, clock = later
    async with holding(service) as holder:
        owner = (await sign_up(service)).id
        one = await photo(holder, owner)
        log = service.parts.events.log
        await log.warn()
        assert await told(service, owner) == []
        clock.move(timedelta(days=27, minutes=1))
        for _ in range(2):
            await log.warn()
        [warning] = await told(service, owner)
        assert (warning.type, warning.data["artifact"]) == (EventType.ARTIFACT_WILL_EXPIRE, one.id)
        assert warning.data["kind"] == "photo"
        clock.move(timedelta(days=31))
        await log.forget_old()
        assert warning not in await told(service, owner)
