from cluster.capacity.policy import Share
from cluster.capacity.reconciler import Outlook
from cluster.observability.facts import groups, nodes, regions
from cluster.observability.snapshot import Group, Region
from cluster.topology.model import POOL_LABEL, REGION_LABEL, Pool
from training.capacity import Beat
from training.group import GroupName
from training.pool import PoolStatus


def node(address: str, alive: bool = True, **labels: str) -> dict[str, object]:
    named = {REGION_LABEL: labels.get("region", "eu"), POOL_LABEL: labels.get("pool", "shared")} if labels else {}
    return {"NodeManagerAddress": address, "Alive": alive, "Labels": named, "Resources": {"CPU": 8.0, "GPU": 1.0}}


def test_living_nodes_are_told_by_region_and_pool() -> None:
    told = nodes([node("c"), node("b", region="us"), node("a", region="eu"), node("gone", alive=False, region="eu")])
    assert [(each.address, each.region, each.pool) for each in told] == [
        ("c", "-", "-"),
        ("a", "eu", "shared"),
        ("b", "us", "shared"),
    ]


def test_groups_are_told_with_their_packs_also_before_a_worker_has_spoken() -> None:
    beats = (Beat("w1", "g1", "eu", (5.0, 20.0)), Beat("w2", "g1", "eu", (7.0,)))
    status = PoolStatus((GroupName("g1", "eu"), GroupName("g2", "us")), beats, 3, {})
    assert groups(status) == (
        Group(name="g1", region="eu", workers=2, jobs=3, seconds_left=20.0),
        Group(name="g2", region="us", workers=0, jobs=0, seconds_left=0.0),
    )
    assert groups(None) == ()


def test_regions_are_told_as_the_policy_decided() -> None:
    share = Share("eu", 2, 1, 3, {Pool.SHARED: 1, Pool.SERVING: 1}, 0, ())
    assert regions(Outlook((share,))) == (Region(name="eu", replicas=2, groups=1, room=3, spare=0, starting=2),)
