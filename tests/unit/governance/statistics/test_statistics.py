"""Sums of days that are over: of many, never of few, and not of anybody."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta

import pytest

from governance.clock import ManualClock
from governance.config import GovernanceSettings
from governance.service import GovernanceService
from governance.statistics.model import SMALLEST_GROUP, UsageDay
from tests.support.governance import REGION, completed, holding, photo, running, sign_up, with_clock

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TODAY = date(2026, 3, 1)


@pytest.fixture
async def scene(settings: GovernanceSettings) -> AsyncIterator[tuple[GovernanceService, ManualClock]]:
    clock = ManualClock(NOON)
    async with running(settings, with_clock(clock)) as service:
        yield service, clock


async def usage(service: GovernanceService, day: date = TODAY) -> dict[str, UsageDay]:
    await service.parts.statistics.count()
    return {one.what: one for one in await service.usage(day, day)}


async def test_a_day_is_counted_once_it_is_over_and_small_groups_have_no_numbers(
    scene: tuple[GovernanceService, ManualClock],
) -> None:
    service, clock = scene
    async with holding(service) as holder:
        people = [(await sign_up(service)).id for _ in range(SMALLEST_GROUP)]
        for person in people[1:]:
            await photo(holder, person)
        assert await usage(service) == {}, "today is not over"
        clock.move(timedelta(days=1))
        found = await usage(service)
        assert found["accounts"] == UsageDay(TODAY, REGION, "accounts", SMALLEST_GROUP, SMALLEST_GROUP)
        assert found["photos"] == UsageDay(TODAY, REGION, "photos", None, None), "nine people"
        assert set(found) == {"accounts", "photos"}
        assert await service.usage(TODAY + timedelta(days=1), TODAY + timedelta(days=9)) == []


async def test_an_erasure_changes_no_sum_and_no_sum_leads_to_anybody(
    scene: tuple[GovernanceService, ManualClock],
) -> None:
    service, clock = scene
    people = [(await sign_up(service)).id for _ in range(SMALLEST_GROUP)]
    clock.move(timedelta(days=1))
    before = await usage(service)
    await completed(service, (await service.erase(people[0])).id)
    assert await usage(service) == before
    async with service.parts.database.transaction() as conn:
        cursor = await conn.execute("SELECT to_jsonb(u)::text FROM usage_days u")
        rows = " ".join(row[0] for row in await cursor.fetchall())
        assert not any(str(person.uuid) in rows for person in people)


async def test_days_that_were_missed_are_made_up_for(scene: tuple[GovernanceService, ManualClock]) -> None:
    service, clock = scene
    for _ in range(SMALLEST_GROUP):
        await sign_up(service)
    clock.move(timedelta(days=5))
    assert (await usage(service))["accounts"].people == SMALLEST_GROUP
