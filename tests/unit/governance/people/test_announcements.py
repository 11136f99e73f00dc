"""A new policy takes effect two weeks after everybody was told, and no release can bring it sooner."""

from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest

from governance.bootstrap import Extras
from governance.clock import ManualClock
from governance.config import GovernanceSettings
from governance.erasure.steps import no_scan
from governance.errors import Conflict, NotFound
from governance.people.model import AnnouncementKind, NewAnnouncement, Template
from governance.policy import shipped
from governance.service import GovernanceService
from tests.support.governance import running, sign_up, with_clock
from tests.unit.governance.people.conftest import RELAY

NEXT = replace(shipped(), version="2026-06-01", text=shipped().text + "\n# clearer")
TOLD = NewAnnouncement("2026-06-01", AnnouncementKind.POLICY, sha256(NEXT.text.encode()).digest())


async def send_all(service: GovernanceService) -> int:
    due = [one for one in await service.claim_notices() if one.template is Template.POLICY_CHANGES]
    for one in due:
        await service.notice_sent(one.id, one.attempt)
    return len(due)


async def test_fourteen_days_after_the_last_notice(service: GovernanceService, clock: ManualClock) -> None:
    for _ in range(2):
        await sign_up(service)
    told = await service.announce(TOLD)
    assert (told.waiting, told.earliest) == (2, None)
    assert await service.announce(TOLD) == told
    with pytest.raises(Conflict, match="another text"):
        await service.announce(replace(TOLD, digest=bytes(32)))
    clock.move(timedelta(days=20))
    with pytest.raises(Conflict, match="waits for 2 notices"):
        await service.take_effect(TOLD.version)
    assert await send_all(service) == 2
    clock.move(timedelta(days=13, hours=23))
    with pytest.raises(Conflict, match="at the earliest"):
        await service.take_effect(TOLD.version)
    clock.move(timedelta(hours=1))
    assert (await service.take_effect(TOLD.version)).in_force_at == clock()
    assert await service.take_effect(TOLD.version) == (await service.announcements())[0]
    with pytest.raises(NotFound):
        await service.take_effect("2027-01-01")


async def test_a_release_cannot_bring_a_policy_sooner(settings: GovernanceSettings) -> None:
    clock, mailing = ManualClock(), settings.model_copy(update={"mail": RELAY})
    newer, other = Extras(NEXT, clock, no_scan), Extras(replace(NEXT, text="else"), clock, no_scan)
    async with running(mailing, with_clock(clock)) as service:
        await sign_up(service)
        [first] = await service.announcements()
        assert (first.version, first.in_force_at) == (shipped().version, first.announced_at)
    with pytest.raises(Conflict, match="never announced"):
        await GovernanceService.open(mailing, newer)
    async with running(mailing, with_clock(clock)) as service:
        await service.announce(TOLD)
        await send_all(service)
    with pytest.raises(Conflict, match="at the earliest"):
        await GovernanceService.open(mailing, newer)
    clock.move(timedelta(days=14))
    with pytest.raises(Conflict, match="another text"):
        await GovernanceService.open(mailing, other)
    async with running(mailing, newer) as service:
        assert (await service.announcements())[0].in_force_at == clock()
