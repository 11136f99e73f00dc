"""The same warning is written once, then once a minute at most."""

import logging

import pytest

from governance.seldom import SeldomLogger


class Hand:
    """A clock that stands until it is moved."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_same_line_comes_once_a_minute_and_says_how_often_it_was_left_out(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = Hand()
    seldom = SeldomLogger(logging.getLogger("seldom"), period_s=60, clock=clock)
    for _ in range(59):
        seldom.warning("%s: %s", "erasures", "the ledger cannot be reached now")
        clock.now += 1
    assert caplog.messages == ["erasures: the ledger cannot be reached now"]
    clock.now += 1
    seldom.warning("%s: %s", "erasures", "the ledger cannot be reached now")
    assert caplog.messages[1:] == ["erasures: the ledger cannot be reached now (58 times more since the last one)"]


def test_different_lines_do_not_hide_each_other(caplog: pytest.LogCaptureFixture) -> None:
    seldom = SeldomLogger(logging.getLogger("seldom"), clock=Hand())
    for number in range(1000):
        seldom.warning("chore %d", number)
    assert len(caplog.messages) == 1000
    assert len(seldom._last) < 1000, "memory is bounded"
