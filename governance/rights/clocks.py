"""How long an answer may take (article 12(3), P6.2, P7.7; article 33 for breaches). Pure."""

from calendar import monthrange
from datetime import datetime, timedelta

WARNING = timedelta(days=7)
"""The officer is alarmed this long before a month is over."""

ERASURE_WARNING = timedelta(days=2)
"""Of an erasure's week."""

BREACH_TIME = timedelta(hours=72)
BREACH_WARNING = timedelta(hours=24)

_EXTENSION_MONTHS = 2


def months_later(at: datetime, months: int) -> datetime:
    """The same day of a later month, or that month's last day; hour and minute stay."""
    index = at.month - 1 + months
    year, month = at.year + index // 12, index % 12 + 1
    return at.replace(year=year, month=month, day=min(at.day, monthrange(year, month)[1]))


def due(asked_at: datetime) -> datetime:
    """When a request must be answered: one month after it came in."""
    return months_later(asked_at, 1)


def extended(asked_at: datetime) -> datetime:
    """When it must be answered once the officer has extended it by two further months."""
    return months_later(asked_at, 1 + _EXTENSION_MONTHS)
