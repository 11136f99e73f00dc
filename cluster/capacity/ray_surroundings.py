"""The reconciler's surroundings on a running Ray: nodes by label, Serve's replicas, the training pool."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ray
from ray import serve
from ray.exceptions import RayError

from cluster.capacity.policy import Demand, Supply
from cluster.topology.model import POOL_LABEL, REGION_LABEL, NodeType, Pool
from governance.client import GovernanceClient
from governance.vitals import Vitals

_ANSWER_S = 5.0
# Serve's words for a replica that is there or on its way.
_WANTED = ("STARTING", "UPDATING", "RECOVERING", "RUNNING")


@dataclass(frozen=True, slots=True)
class Layout:
    """What the reconciler knows before it looks: names, node types with their region, and a laptop's region, whose
    one node carries no labels and counts as `slots` devices."""

    region: str
    application: str
    pool: str
    namespace: str
    kinds: tuple[NodeType, ...] = ()
    slots: int = 1


class RaySurroundings:
    """Implements `reconciler.Surroundings`."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._governance = GovernanceClient.connect()

    async def supplies(self) -> Sequence[Supply]:
        return supplies(await asyncio.to_thread(ray.nodes), self._layout)

    async def demands(self) -> Sequence[Demand]:
        status = await asyncio.to_thread(serve.status)
        application = status.applications.get(self._layout.application)
        generator = application.deployments.get("generator") if application else None
        states = {} if generator is None else {str(state): n for state, n in generator.replica_states.items()}
        return demands(states, await self._pool_status(), self._layout)

    async def allow(self, groups: Mapping[str, int]) -> None:
        pool = self._pool()
        if pool is not None:
            await asyncio.wait_for(_answer(pool.allow.remote(dict(groups))), _ANSWER_S)

    async def vitals(self) -> Vitals:
        return await self._governance.vitals()

    async def _pool_status(self) -> Any:
        pool = self._pool()
        if pool is None:
            return None
        try:
            return await asyncio.wait_for(_answer(pool.status.remote()), _ANSWER_S)
        except (RayError, TimeoutError):
            return None

    def _pool(self) -> Any:
        try:
            return ray.get_actor(self._layout.pool, self._layout.namespace)
        except ValueError:
            return None


def supplies(nodes: Sequence[Mapping[str, Any]], layout: Layout) -> list[Supply]:
    """Living devices by region and pool. `nodes`: as `ray.nodes()` tells them."""
    living: dict[str, Counter[Pool]] = defaultdict(Counter)
    for node in nodes:
        labels = node.get("Labels", {})
        if not node["Alive"]:
            continue
        if POOL_LABEL in labels:
            devices = int(node["Resources"].get("GPU", 0))
            living[labels.get(REGION_LABEL, layout.region)][Pool(labels[POOL_LABEL])] += devices
        else:
            living[layout.region][Pool.SHARED] += layout.slots
    return [
        Supply(region, dict(counts), startable=_startable(counts, layout) if region == layout.region else {})
        for region, counts in (living or {layout.region: Counter()}).items()
    ]


def demands(states: Mapping[str, int], pool: Any, layout: Layout) -> list[Demand]:
    """`states`: replicas of the generator by Serve's word for their state; `pool`: the training pool's status."""
    groups = Counter(group.region for group in pool.groups) if pool is not None else Counter[str]()
    wanted = dict(pool.wanted) if pool is not None else {}
    regions = dict.fromkeys((layout.region, *wanted, *groups))
    return [
        Demand(
            region=region,
            replicas_wanted=sum(states.get(word, 0) for word in _WANTED) if region == layout.region else 0,
            replicas=states.get("RUNNING", 0) if region == layout.region else 0,
            groups_wanted=max(wanted.get(region, 0), 0),
            groups=groups[region],
        )
        for region in regions
    ]


def _startable(living: Mapping[Pool, int], layout: Layout) -> Mapping[Pool, int]:
    """What the node types allow beyond what lives."""
    most: Counter[Pool] = Counter()
    for kind in layout.kinds:
        most[kind.pool] += kind.gpus * kind.most
    return {pool: max(0, count - living.get(pool, 0)) for pool, count in most.items() if count}


async def _answer(reference: Any) -> Any:
    return await reference
