"""Actors stay off the head as long as another node will have them, and are never without a node."""

from collections.abc import Iterator

import pytest
import ray
from ray.cluster_utils import Cluster

from governance.placement import HEAD_LABEL, placement
from tests.support.waiting import eventually

pytestmark = [pytest.mark.ray, pytest.mark.driver]

_MEMORY = 80 << 20
_HERE = {"place": "here"}


class Standing:
    """Says where it stands."""

    def node(self) -> str:
        return str(ray.get_runtime_context().get_node_id())


@pytest.fixture(scope="module")
def head() -> Iterator[Cluster]:
    """A head, labelled as such."""
    labels = _HERE | {HEAD_LABEL: "true"}
    arguments = {"num_cpus": 1, "include_dashboard": False, "object_store_memory": _MEMORY, "labels": labels}
    cluster = Cluster(initialize_head=True, head_node_args=arguments)
    try:
        ray.init(address=cluster.address, log_to_driver=False)
        yield cluster
    finally:
        ray.shutdown()
        cluster.shutdown()


def test_without_labels_anywhere() -> None:
    assert placement(None) == placement({}) == {}


@pytest.mark.timeout(400)
async def test_off_the_head_while_another_node_lives(head: Cluster) -> None:
    standing = ray.remote(Standing).options(num_cpus=0, max_restarts=-1, max_task_retries=-1, **placement(_HERE))
    [first] = ray.nodes()
    alone = standing.remote()
    assert ray.get(alone.node.remote(), timeout=60) == first["NodeID"]

    elsewhere = head.add_node(num_cpus=1, object_store_memory=_MEMORY, labels={"place": "there"})
    beside = head.add_node(num_cpus=1, object_store_memory=_MEMORY, labels=_HERE)
    several = [standing.remote() for _ in range(4)]
    assert {ray.get(each.node.remote(), timeout=60) for each in several} == {beside.node_id}

    head.remove_node(beside, allow_graceful=False)

    async def on_the_head() -> bool:
        return ray.get(several[0].node.remote(), timeout=60) == first["NodeID"]

    await eventually(on_the_head, within_s=120, every_s=0.2)
    assert elsewhere.node_id != first["NodeID"]
