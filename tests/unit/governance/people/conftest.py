"""A service that knows a mail relay, with a clock that the test turns."""

from collections.abc import AsyncIterator

import pytest

from governance.clock import ManualClock
from governance.config import GovernanceSettings, MailSettings
from governance.service import GovernanceService
from tests.support.governance import running, with_clock

RELAY = MailSettings(host="127.0.0.1", port=9, region="eu", starttls=False, timeout_s=0.2)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def service(settings: GovernanceSettings, clock: ManualClock) -> AsyncIterator[GovernanceService]:
    async with running(settings.model_copy(update={"mail": RELAY}), with_clock(clock)) as one:
        yield one
