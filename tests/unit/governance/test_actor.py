"""The actor is found again after its node has died; it keeps nothing that could be lost with it."""

from collections.abc import Iterator
from typing import Any

import pytest
import ray
from ray.cluster_utils import Cluster

from governance.actor import start_governance
from governance.calls import NAME, NAMESPACE
from governance.client import GovernanceClient
from governance.config import GovernanceSettings
from governance.model import NewAccount
from tests.support.governance import REGION
from tests.support.waiting import eventually

pytestmark = [pytest.mark.ray, pytest.mark.driver]

_MEMORY = 80 << 20


@pytest.fixture(scope="module")
def two_nodes() -> Iterator[tuple[Cluster, Any]]:
    """The cluster and the node beside its head."""
    head = {"num_cpus": 1, "include_dashboard": False, "object_store_memory": _MEMORY}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    try:
        node = cluster.add_node(num_cpus=1, object_store_memory=_MEMORY)
        ray.init(address=cluster.address, namespace=NAMESPACE, log_to_driver=False)
        yield cluster, node
    finally:
        ray.shutdown()
        cluster.shutdown()


@pytest.mark.timeout(400)
async def test_after_its_node_has_died(two_nodes: tuple[Cluster, Any], settings: GovernanceSettings) -> None:
    cluster, node = two_nodes
    start_governance(settings, near=node.node_id)
    client = GovernanceClient.connect(patience_s=120)
    subject = await client.create_account(NewAccount(b"n" * 32, "$argon2id$hash", REGION))

    cluster.remove_node(node, allow_graceful=False)

    async def dead() -> bool:
        return not any(one["Alive"] for one in ray.nodes() if one["NodeID"] == node.node_id)

    await eventually(dead, within_s=120, every_s=0.2)
    assert await client.subject(subject.id) == subject
    handle = ray.get_actor(NAME, NAMESPACE)
    ray.get(handle.close.remote())
    ray.kill(handle)
