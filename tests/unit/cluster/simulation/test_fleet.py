import pytest

from cluster.simulation.fleet import Server, Trainer
from cluster.simulation.model import World
from governance.ids import JobId, SubjectId
from training.queue import FairShare, choose
from training.simulation import Arrival

WORLD = World(slots=2, gain=2.0, steps_per_s=10.0, tick_s=10.0)


def job(number: int, seconds: float = 100.0, owner: int = 1) -> Arrival:
    return Arrival(JobId(f"job_{number:032x}"), SubjectId(f"sub_{owner:032x}"), 0.0, seconds)


def trainer(*jobs: Arrival, groups: int = 1) -> Trainer:
    made = Trainer(WORLD, choose, FairShare())
    for each in jobs:
        made.arrive(each)
    made.resize(groups, groups, 0.0)
    made.run(0.0)
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


def test_a_group_sent_away_loses_no_work_already_done() -> None:
    one = trainer(job(1))
    one.resize(0, 0, 60.0)
    assert (one.queued, one.preempted) == (1, 1)
    one.resize(1, 1, 100.0)
    one.run(100.0)
    alone_s = 40.0 / 1.0
    one.run(100.0 + alone_s)
    assert one.finished == 1


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
    assert [wait for wait, _ in server.waits] == [0.0, 10.0, 20.0]
    assert (server.queued, server.done) == (0.0, 250.0)
