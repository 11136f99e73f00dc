"""A service with a clock that the test turns."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from governance.clock import utc_now
from governance.config import GovernanceSettings
from governance.service import GovernanceService
from tests.support.governance import running, with_clock


class TurnedClock:
    """Now, and further on by what was added."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self):
        return utc_now() + self.ahead

    def turn(self, **by: float) -> None:
        self.ahead += timedelta(**by)


@pytest.fixture
def clock() -> TurnedClock:
    return TurnedClock()


@pytest.fixture
async def service(settings: GovernanceSettings, clock: TurnedClock) -> AsyncIterator[GovernanceService]:
    async with running(settings, with_clock(clock)) as one:
        yield one
