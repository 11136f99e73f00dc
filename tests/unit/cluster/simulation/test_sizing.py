from dataclasses import replace

import pytest

from cluster.capacity.policy import CapacityPolicy
from cluster.simulation.fleet import REGION, Server, Trainer
from cluster.simulation.model import World
from cluster.simulation.sizing import Delayed, Elastic, Fixed
from governance.ids import JobId, SubjectId
from training.config import PoolSettings
from training.queue import FairShare, choose
from training.simulation import Arrival

WORLD = World(devices=10, slots=2, steps_per_s=10.0, request_s=10.0, replica_s=20.0, start_s=90.0, idle_s=30.0,
              tick_s=10.0)  # fmt: skip


def idle() -> tuple[Server, Trainer]:
    return Server(WORLD), Trainer(WORLD, choose, FairShare(quota=100))


def elastic() -> Elastic:
    return Elastic(WORLD, CapacityPolicy(), PoolSettings())


def test_more_replicas_are_had_at_once_and_fewer_only_after_a_quiet_while() -> None:
    delayed = Delayed(60.0)
    asked = [(0.0, 5), (10.0, 3), (40.0, 5), (50.0, 2), (100.0, 4), (110.0, 3)]
    assert [delayed.target(desired, now) for now, desired in asked] == [5, 5, 5, 5, 5, 3]


def test_fixed_pools_have_what_their_work_needs_or_what_is_told() -> None:
    world = replace(WORLD, steps=864_000.0 * 3, jobs=192, training_s=900.0, gain=1.0)
    server, trainer = idle()
    even = Fixed(world).sizes(server, trainer, 0.0)
    assert (even.replicas, even.groups, even.paid) == (6, 4, 10)
    assert Fixed(world, replicas=4).sizes(server, trainer, 0.0).groups == 6


def test_nodes_that_nobody_wants_end_after_their_idle_time() -> None:
    sizing, (server, trainer) = elastic(), idle()
    paid = [sizing.sizes(server, trainer, 10.0 * tick).paid for tick in range(6)]
    assert paid == [10, 10, 10, 0, 0, 0]


def test_a_replica_serves_once_it_has_started_and_on_a_new_node_once_that_has() -> None:
    sizing, (server, trainer) = elastic(), idle()
    for tick in range(4):
        sizing.sizes(server, trainer, 10.0 * tick)
    server.arrive(300.0, 40.0)
    seen = [sizing.sizes(server, trainer, 40.0 + 10.0 * tick) for tick in range(12)]
    assert [sizes.replicas > 0 for sizes in seen].index(True) == (90 + 20) // 10
    assert seen[0].paid == seen[-1].paid == 7


@pytest.mark.parametrize(("kept", "groups"), [(0.0, 0), (0.8, 4)])
def test_serving_leaves_training_the_groups_that_are_kept(kept: float, groups: int) -> None:
    sizing, (server, trainer) = Elastic(WORLD, CapacityPolicy(kept=kept), PoolSettings(headroom=0.25)), idle()
    for number in range(8):
        trainer.arrive(Arrival(JobId(f"job_{number:032x}"), SubjectId("sub_" + "0" * 32), 0.0, 100.0, REGION))
    server.arrive(10_000.0, 0.0)
    made = sizing.sizes(server, trainer, 0.0)
    assert (made.groups, made.room) == (groups, groups)
