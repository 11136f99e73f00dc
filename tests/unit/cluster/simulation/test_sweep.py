import pytest

from cluster.simulation.model import World
from cluster.simulation.sweep import at_load, best_fixed, by_load, by_mix, with_pictures

TINY = World(devices=10, jobs=200, steps=3e7, accounts=40, tick_s=60.0)


def work_s(world: World) -> float:
    return world.steps / world.steps_per_s + world.jobs * world.training_s / world.gain


def test_a_load_is_more_of_both() -> None:
    double = at_load(TINY, 2.0)
    assert (double.jobs, double.steps) == (400, 6e7)


def test_a_mix_is_the_same_work_with_another_part_of_pictures() -> None:
    mixed = with_pictures(TINY, 0.25)
    assert work_s(mixed) == pytest.approx(work_s(TINY), rel=0.01)
    assert mixed.steps / mixed.steps_per_s == pytest.approx(0.25 * work_s(mixed), rel=0.01)


def test_both_ways_are_compared_at_each_load_and_mix() -> None:
    loads, mixes = by_load(TINY, (0.5, 1.0)), by_mix(TINY, (0.5,))
    assert list(loads) == [0.5, 1.0]
    assert loads[0.5].ours.paid_s < loads[1.0].ours.paid_s < loads[1.0].fifo.paid_s
    assert mixes[0.5].fifo.trainings > loads[1.0].fifo.trainings


def test_the_best_fixed_split_waits_no_longer_than_another() -> None:
    split, best = best_fixed(TINY, (0.3, 0.6))
    other = best_fixed(TINY, (0.9 - split,))[1]
    assert best.work_p99_s <= other.work_p99_s
