from itertools import pairwise

import pytest

from cluster.simulation.model import DAY_S, World, picture_steps, trainings

SMALL = World(devices=20, jobs=500, steps=6e7, accounts=80)


def test_the_same_seed_gives_the_same_day() -> None:
    assert trainings(SMALL) == trainings(SMALL)
    assert picture_steps(SMALL) == picture_steps(SMALL)


def test_arrivals_are_in_order_within_the_day_and_of_the_length_asked_for() -> None:
    jobs = trainings(SMALL)
    assert all(one.at <= other.at for one, other in pairwise(jobs))
    assert jobs[-1].at < DAY_S
    assert sum(job.gpu_seconds for job in jobs) / len(jobs) == pytest.approx(SMALL.training_s, rel=0.1)


def test_steps_arrive_with_the_day_and_add_up() -> None:
    steps = picture_steps(SMALL)
    assert sum(steps) == pytest.approx(SMALL.steps, rel=0.05)
    hour = len(steps) // 24
    assert sum(steps[20 * hour : 21 * hour]) > 4 * sum(steps[3 * hour : 4 * hour])
