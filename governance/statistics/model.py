"""The noun of statistics: UsageDay (how much was done on one day in one region)."""

from dataclasses import dataclass
from datetime import date

SMALLEST_GROUP = 10
"""Numbers of fewer people than this are never written down."""
REACH_DAYS = 7
"""How far back a day that was missed is counted."""


@dataclass(frozen=True, slots=True)
class UsageDay:
    """`what`: accounts, photos, trainings or pictures. `people` did it `amount` times; both None where they were fewer
    than `SMALLEST_GROUP`."""

    day: date
    region: str
    what: str
    people: int | None
    amount: int | None
