"""A month is a month of the calendar."""

from datetime import UTC, datetime

from governance.rights.clocks import due, extended, months_later


def at(*day: int) -> datetime:
    return datetime(*day, 9, 30, tzinfo=UTC)  # type: ignore[misc,arg-type]


def test_the_same_day_of_the_next_month_or_its_last() -> None:
    assert due(at(2026, 1, 15)) == at(2026, 2, 15)
    assert due(at(2026, 1, 31)) == at(2026, 2, 28)
    assert due(at(2028, 1, 31)) == at(2028, 2, 29)
    assert due(at(2026, 12, 31)) == at(2027, 1, 31)


def test_an_extension_counts_from_the_day_it_came_in() -> None:
    assert extended(at(2026, 11, 30)) == at(2027, 2, 28)
    assert months_later(at(2026, 5, 31), 1) == at(2026, 6, 30)
