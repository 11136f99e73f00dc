from dataclasses import replace

import pytest

from cluster.simulation.day import dedicated, shared
from cluster.simulation.model import World

SMALL = World(devices=60, jobs=1200, steps=1.8e8, accounts=240)


def test_sharing_keeps_what_is_paid_for_busy_and_pictures_do_not_wait() -> None:
    ours, theirs = shared(SMALL), dedicated(SMALL)
    assert ours.utilisation >= 0.9 > theirs.utilisation
    assert ours.picture_p99_s * 3 <= theirs.picture_p99_s
    assert ours.cost_per_picture < theirs.cost_per_picture
    assert ours.cost_per_training < theirs.cost_per_training


def test_the_same_world_gives_the_same_day() -> None:
    assert shared(SMALL) == shared(SMALL)


def test_no_more_is_paid_for_than_there_is() -> None:
    assert max(reading.paid for reading in shared(SMALL).readings) <= SMALL.devices


def test_a_quiet_day_costs_little() -> None:
    quiet = replace(SMALL, jobs=60, steps=9e6)
    assert shared(quiet).paid_s < 0.1 * dedicated(quiet).paid_s


def test_every_training_that_had_time_is_done() -> None:
    assert shared(SMALL).trainings == pytest.approx(dedicated(SMALL).trainings, rel=0.05)
