"""Remembered answers."""

from datetime import timedelta

import pytest

from governance.clock import ManualClock
from governance.config import GovernanceSettings
from governance.errors import Conflict
from tests.support.governance import running, sign_up, with_clock


async def test_the_first_answer_stays_for_a_day(settings: GovernanceSettings) -> None:
    clock = ManualClock()
    async with running(settings, with_clock(clock)) as service:
        owner, other = await sign_up(service), await sign_up(service)
        assert await service.recall(owner.id, "k") is None
        first = await service.remember(owner.id, "k", b"print", "job_1")
        assert await service.remember(owner.id, "k", b"print", "job_2") == first
        assert await service.recall(owner.id, "k") == first
        assert await service.recall(other.id, "k") is None
        with pytest.raises(Conflict):
            await service.remember(owner.id, "k", b"another request", "job_3")
        clock.move(timedelta(days=2))
        await service.parts.idempotency.forget_old()
        assert await service.recall(owner.id, "k") is None
