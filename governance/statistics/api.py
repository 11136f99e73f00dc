"""Statistics' part of the interface of governance; see `governance.api`."""

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from governance.statistics.model import UsageDay


class StatisticsApi(Protocol):
    """How much the service is used (P3.7)."""

    async def usage(self, first: date, last: date) -> Sequence[UsageDay]:
        """Of the days that are over, newest first; without numbers where too few people did it."""
