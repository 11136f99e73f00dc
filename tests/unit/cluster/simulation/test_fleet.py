import pytest

from cluster.simulation.fleet import Server, Trainer
from cluster.simulation.model import World
from governance.ids import JobId, SubjectId
from training.queue import FairShare, choose
from training.simulation import Arrival

WORLD = World(slots=2, gain=2.0, steps_per_s=10.0, tick_s=10.0, resume_s=5.0, request_s=20.0)


def job(number: int, seconds: float = 100.0, owner: int = 1, at: float = 0.0) -> Arrival:
    return Arrival(JobId(f"job_{number:032x}"), SubjectId(f"sub_{owner:032x}"), at, seconds)


def trainer(*jobs: Arrival, groups: int = 1) -> Trainer:
    made = Trainer(WORLD, choose, FairShare())
    made.resize(groups, groups, 0.0)
    for each in jobs:
        made.arrive(each)
    return made


def test_a_pack_of_two_with_a_gain_of_two_costs_nobody_time() -> None:
    pair = trainer(job(1), job(2))
    assert (pair.running, pair.queued) == (2, 0)
    pair.run(99.0)
    assert pair.finished == 0
    pair.run(100.0)
    assert pair.finished == 2


def test_work_is_spread_over_idle_groups_before_packs_are_filled() -> None:
    assert trainer(job(1), job(2), groups=2).busy == 2


def test_a_group_sent_away_loses_no_work_already_done_and_its_jobs_wait_until_they_are_taken_up() -> None:
    one = trainer(job(1))
    one.resize(0, 0, 60.0)
    assert (one.queued, one.preempted, one.left_s(60.0)) == (1, 1, 40.0 + WORLD.resume_s)
    one.resize(1, 1, 100.0)
    one.run(100.0)
    one.run(100.0 + 40.0 + WORLD.resume_s - 1.0)
    assert one.finished == 0
    one.run(100.0 + 40.0 + WORLD.resume_s)
    (course,) = one.courses.values()
    assert (one.finished, course.given_back, course.waits_s(1e9)) == (1, 1, 40.0)
    assert course.done_s == pytest.approx(145.0)


def test_the_group_whose_leaving_disturbs_fewest_leaves_and_its_job_goes_on_where_there_is_room() -> None:
    three = trainer(job(1), job(2), job(3), job(4), groups=3)
    three.resize(3, 2, 10.0)
    three.run(10.0)
    assert (three.preempted, three.running, three.queued) == (1, 4, 0)


def test_a_job_that_comes_to_a_free_place_does_not_wait_for_the_tick() -> None:
    one = trainer(job(1))
    one.arrive(job(2, at=3.0))
    assert one.courses[job(2).id].waits_s(10.0) == 0.0


def test_a_new_group_takes_jobs_once_it_has_started_and_a_freed_place_is_filled_at_once() -> None:
    made = Trainer(WORLD, choose, FairShare())
    for each in (job(1), job(2), job(3)):
        made.arrive(each)
    made.resize(1, 1, 0.0, start_s=15.0)
    made.run(200.0)
    waits = sorted(course.waits_s(200.0) for course in made.courses.values())
    assert waits == [15.0, 15.0, pytest.approx(115.0)]


def test_idle_groups_leave_and_busy_ones_stay_while_there_is_room() -> None:
    two = trainer(job(1), groups=2)
    two.resize(0, 2, 1.0)
    assert (len(two.groups), two.busy) == (1, 1)


def test_replicas_work_off_steps_in_order_and_count_the_wait() -> None:
    server = Server(WORLD)
    server.arrive(250.0, 0.0)
    assert server.run(1, 10.0) == 1.0
    assert server.run(1, 20.0) == 1.0
    assert server.run(1, 30.0) == pytest.approx(0.5)
    assert [wait for wait, _ in server.waits] == [0.0, 10.0, 17.5]
    assert (server.queued, server.done) == (0.0, 250.0)


def test_what_is_still_to_run_counts_what_came_lately_and_is_under_way() -> None:
    server = Server(WORLD)
    server.arrive(100.0, 0.0)
    assert server.run(2, 10.0) == pytest.approx(0.5)
    assert (server.queued, server.outstanding) == (0.0, 10.0 * WORLD.request_s)
