from cluster.capacity.policy import Demand, Supply
from cluster.capacity.ray_surroundings import Layout, demands, supplies
from cluster.topology.model import POOL_LABEL, REGION_LABEL, WORKERS, Pool
from training.capacity import Beat
from training.group import GroupName
from training.pool import PoolStatus

LAPTOP = Layout("eu", "app", "pool", "space", slots=2)
CLOUD = Layout("eu", "app", "pool", "space", WORKERS)


def node(region: str, pool: Pool, gpus: int, alive: bool = True) -> dict[str, object]:
    return {"Alive": alive, "Labels": {REGION_LABEL: region, POOL_LABEL: pool.value}, "Resources": {"GPU": float(gpus)}}


def test_a_laptop_has_room_for_both() -> None:
    assert supplies([{"Alive": True, "Labels": {}, "Resources": {"CPU": 2.0}}], LAPTOP) == [
        Supply("eu", {Pool.SHARED: 2})
    ]


def test_living_devices_are_counted_by_region_and_pool_and_limits_by_node_types() -> None:
    nodes = [node("eu", Pool.SHARED, 4), node("eu", Pool.SHARED, 4, alive=False), node("us", Pool.SERVING, 1)]
    eu, us = supplies(nodes, CLOUD)
    assert (eu.living, us.living) == ({Pool.SHARED: 4}, {Pool.SERVING: 1})
    assert eu.startable[Pool.SHARED] == sum(k.most for k in WORKERS if k.pool is Pool.SHARED) - 4
    assert us.startable == {}


def test_replicas_on_their_way_are_wanted_and_each_region_is_asked_alone() -> None:
    status = PoolStatus((GroupName("g", "us"),), (Beat("w", "g", "us"),), 3, {}, {"eu": 2, "us": 1})
    assert demands({"RUNNING": 2, "STARTING": 1, "STOPPING": 4}, status, CLOUD) == [
        Demand("eu", 3, 2, 2, 0),
        Demand("us", 0, 0, 1, 1),
    ]


def test_a_pool_that_does_not_answer_wants_nothing() -> None:
    assert demands({}, None, CLOUD) == [Demand("eu", 0, 0, 0, 0)]
