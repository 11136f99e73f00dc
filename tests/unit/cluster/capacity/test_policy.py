import itertools

from hypothesis import given
from hypothesis import strategies as st

from cluster.capacity.policy import CapacityPolicy, Demand, Part, Share, Supply, WaitReason, decide, share
from cluster.topology.model import Pool

NONE = CapacityPolicy(kept=0)


def shared(living: int, startable: int = 0, starting: int = 0, serving: int = 0) -> Supply:
    return Supply("eu", {Pool.SHARED: living, Pool.SERVING: serving}, starting, {Pool.SHARED: startable})


def wants(replicas: int, groups: int, has: tuple[int, int] = (0, 0)) -> Demand:
    return Demand("eu", replicas, has[0], groups, has[1])


def reasons(made: Share) -> dict[tuple[Part, WaitReason], int]:
    return {(each.part, each.reason): each.count for each in made.waits}


def test_training_fills_what_serving_leaves() -> None:
    made = share(shared(8), wants(3, 9), NONE)
    assert (made.replicas, made.groups) == (3, 5)
    assert reasons(made) == {(Part.TRAINING, WaitReason.SERVING_FIRST): 4}


def test_serving_that_grows_pushes_training_out_and_says_that_it_waits_for_checkpoints() -> None:
    made = share(shared(4), wants(3, 4, has=(1, 3)), NONE)
    assert (made.replicas, made.groups) == (3, 1)
    assert reasons(made)[Part.SERVING, WaitReason.CHECKPOINTS] == 2


def test_serving_takes_its_own_pool_before_the_shared_one() -> None:
    made = share(shared(2, serving=3), wants(3, 2), NONE)
    assert (made.replicas, made.groups, made.waits) == (3, 2, ())


def test_a_floor_keeps_training_alive() -> None:
    made = share(shared(4), wants(9, 4), CapacityPolicy(floor=1, kept=0))
    assert (made.replicas, made.groups) == (3, 1)


def test_serving_takes_the_headroom_of_training_and_leaves_the_groups_that_its_jobs_fill() -> None:
    made = share(shared(10), wants(8, 5, has=(5, 5)), CapacityPolicy(kept=0.8))
    assert (made.replicas, made.groups, made.room) == (6, 4, 4)
    assert reasons(made)[Part.SERVING, WaitReason.TRAINING_KEPT] == 2


def test_one_group_alone_is_not_kept() -> None:
    made = share(shared(1), wants(1, 1, has=(0, 1)), CapacityPolicy(kept=0.8))
    assert (made.replicas, made.room) == (1, 0)


def test_a_reserve_is_kept_for_the_next_replica() -> None:
    made = share(shared(4), wants(1, 4), CapacityPolicy(reserve=1, kept=0))
    assert (made.replicas, made.groups) == (1, 2)
    assert (Part.TRAINING, WaitReason.POLICY) in reasons(made)


def test_nodes_are_started_from_zero_for_both() -> None:
    made = share(shared(0, startable=10), wants(1, 2), NONE)
    assert made.start == {Pool.SHARED: 3}
    assert set(reasons(made)) == {(Part.SERVING, WaitReason.NODE_STARTS), (Part.TRAINING, WaitReason.NODE_STARTS)}


def test_what_is_starting_already_is_not_started_twice() -> None:
    assert share(shared(0, startable=10, starting=3), wants(1, 2), NONE).start == {}


def test_a_region_without_devices_waits_and_says_so() -> None:
    made = share(Supply("us", {}), Demand("us", 1, 0, 1, 0), NONE)
    assert {each.reason for each in made.waits} == {WaitReason.NO_NODE_TYPE}
    assert "run nowhere else" in str(made.waits[0])


def test_regions_do_not_help_each_other() -> None:
    eu, us = decide([shared(9)], [wants(1, 1), Demand("us", 1, 0, 0, 0)], NONE)
    assert (eu.spare, us.replicas) == (7, 0)


COUNT = st.integers(0, 12)


@given(living=COUNT, serving=COUNT, startable=COUNT, starting=st.integers(0, 4), replicas=COUNT, groups=COUNT,
       has=st.tuples(COUNT, COUNT), reserve=st.integers(0, 3), floor=st.integers(0, 3),
       kept=st.floats(0, 1))  # fmt: skip
def test_nobody_gets_a_device_twice_and_everything_that_waits_is_told(
    living: int, serving: int, startable: int, starting: int, replicas: int, groups: int,
    has: tuple[int, int], reserve: int, floor: int, kept: float,
) -> None:  # fmt: skip
    policy = CapacityPolicy(reserve=reserve, floor=floor, kept=kept)
    made = share(shared(living, startable, starting, serving), wants(replicas, groups, has), policy)
    assert 0 <= made.replicas + made.groups <= living + serving
    assert made.groups <= living
    assert sum(made.start.values()) <= startable
    told = dict.fromkeys(Part, 0)
    for each in made.waits:
        assert each.count > 0
        if each.reason is not WaitReason.CHECKPOINTS:
            told[each.part] += each.count
    assert told[Part.SERVING] == replicas - made.replicas
    assert told[Part.TRAINING] == groups - made.groups


def test_more_devices_never_give_less() -> None:
    for replicas, groups in itertools.product(range(5), range(5)):
        given_ = [share(shared(n), wants(replicas, groups), NONE) for n in range(8)]
        assert [each.replicas for each in given_] == sorted(each.replicas for each in given_)
        assert [each.replicas + each.groups for each in given_] == sorted(e.replicas + e.groups for e in given_)
