"""The running average of the engine's readings."""

from __future__ import annotations

import pytest

from serve_apps.engine.stats import Rate


def test_the_first_reading_counts_whole_and_later_ones_move_it() -> None:
    rate = Rate(weight=0.5)
    assert rate.value == 0.0
    rate.add(8.0)
    assert rate.value == 8.0
    rate.add(4.0)
    assert rate.value == 6.0


def test_it_follows_a_lasting_change() -> None:
    rate = Rate()
    for reading in [1.0] * 10 + [5.0] * 60:
        rate.add(reading)
    assert rate.value == pytest.approx(5.0, abs=0.05)
