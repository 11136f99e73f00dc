"""Counts each day once, when it is over: what somebody erases later was in the sums, and nothing leads back."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

from governance.clock import Clock
from governance.ledger import statistics
from governance.ledger.database import Database
from governance.statistics.model import REACH_DAYS, SMALLEST_GROUP, UsageDay


class Statistics:
    """See `api.StatisticsApi` for what each call promises."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def count(self) -> None:
        """Every day of the last week that is over and was not counted."""
        today = self._clock().astimezone(UTC).date()
        for back in range(1, REACH_DAYS + 1):
            day = today - timedelta(days=back)
            async with self._database.transaction() as conn:
                if not await statistics.is_counted(conn, day):
                    await statistics.count(conn, day, _begin(day), _begin(day + timedelta(days=1)), SMALLEST_GROUP)

    async def usage(self, first: date, last: date) -> Sequence[UsageDay]:
        async with self._database.transaction() as conn:
            return await statistics.between(conn, first, last)


def _begin(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
