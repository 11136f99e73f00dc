from dataclasses import replace

import pytest

from cluster.capacity.policy import CapacityPolicy
from cluster.simulation.day import Day, dedicated, shared
from cluster.simulation.model import World
from training.config import PoolSettings

SMALL = World(devices=200, jobs=4000, steps=6e8, accounts=800, tick_s=10.0)


@pytest.fixture(scope="module")
def ours() -> Day:
    return shared(SMALL)


@pytest.fixture(scope="module")
def theirs() -> Day:
    return dedicated(SMALL)


def test_sharing_keeps_what_is_paid_for_busy_and_makes_work_wait_a_third_at_most(ours: Day, theirs: Day) -> None:
    assert ours.utilisation >= 0.9 > theirs.utilisation
    assert ours.work_p99_s * 3 <= theirs.work_p99_s
    assert ours.picture_p99_s * 3 <= theirs.picture_p99_s
    assert ours.cost_per_picture < theirs.cost_per_picture
    assert ours.cost_per_training < theirs.cost_per_training


def test_trainings_wait_for_a_few_looks_of_the_steward_at_most(ours: Day) -> None:
    assert ours.training_p50_s < SMALL.tick_s
    assert ours.training_p99_s <= 12 * SMALL.tick_s


def test_headroom_and_what_is_kept_are_what_spares_trainings_the_wait(ours: Day) -> None:
    bare = shared(SMALL, CapacityPolicy(kept=0.0), PoolSettings(headroom=0.0))
    assert ours.training_p99_s * 3 < bare.training_p99_s
    assert ours.jain_index > bare.jain_index


def test_the_same_world_gives_the_same_day() -> None:
    small = replace(SMALL, devices=20, jobs=400, steps=6e7, accounts=80)
    assert shared(small) == shared(small)


def test_no_more_is_paid_for_than_there_is(ours: Day) -> None:
    assert max(reading.paid for reading in ours.readings) <= SMALL.devices


def test_a_quiet_day_costs_little(theirs: Day) -> None:
    assert shared(replace(SMALL, jobs=200, steps=3e7)).paid_s < 0.1 * theirs.paid_s


def test_every_training_that_had_time_is_done(ours: Day, theirs: Day) -> None:
    assert ours.trainings == pytest.approx(theirs.trainings, rel=0.05)
