"""The steward: a named, detached, restarting actor that runs the reconciler and publishes governance's numbers.

It is the one place where a cluster looks at itself. `pixreunion top` asks it; Prometheus scrapes what it publishes.
"""

import asyncio
import logging
from collections.abc import Mapping
from time import monotonic
from typing import Any

import ray
from ray.actor import ActorHandle
from ray.exceptions import RayError
from ray.util.metrics import Gauge

from cluster.capacity.policy import CapacityPolicy
from cluster.capacity.ray_surroundings import Layout, RaySurroundings
from cluster.capacity.reconciler import Outlook, Reconciler
from cluster.observability.catalogue import CAPACITY_GAUGES, GOVERNANCE_GAUGES
from governance.placement import placement

NAME = "steward"
NAMESPACE = "pixreunion"
_SLOW_S = 5.0
_LOG = logging.getLogger(__name__)


class RayGauges:
    """Ray's metrics, read by Prometheus from the node where the steward is."""

    def __init__(self) -> None:
        known = {**CAPACITY_GAUGES, **GOVERNANCE_GAUGES}
        self._gauges = {name: Gauge(name, text, tag_keys=("tag",)) for name, text in known.items()}

    def set(self, name: str, value: float, tag: str = "") -> None:
        self._gauges[name].set(value, {"tag": tag})


class Steward:
    """The actor. Looks every `every_s` seconds, from the moment it starts."""

    def __init__(self, layout: Layout, policy: CapacityPolicy, every_s: float = 2.0) -> None:
        self._reconciler = Reconciler(RaySurroundings(layout), RayGauges(), policy)
        self._every_s = every_s
        # Ray runs this on the actor's event loop. Restarted after a crash, nobody may be left to ask for it.
        self._watching = asyncio.get_running_loop().create_task(self._watch())

    async def start(self) -> None:
        """Answers once it looks."""

    async def outlook(self) -> Outlook:
        """The last look."""
        return self._reconciler.outlook

    async def _watch(self) -> None:
        while True:
            began = monotonic()
            try:
                await self._reconciler.look()
            except (RayError, TimeoutError, OSError, RuntimeError) as error:
                _LOG.warning("the cluster cannot be looked at now: %s", type(error).__name__)
            if (took := monotonic() - began) > _SLOW_S:
                _LOG.warning("a look at the cluster took %.0f s", took)
            await asyncio.sleep(self._every_s)


def start_steward(layout: Layout, policy: CapacityPolicy, labels: Mapping[str, str] | None = None) -> ActorHandle[Any]:
    """The actor, started when it is not there yet. Call it with Ray initialised. `labels`: see
    `placement`."""
    actor = ray.remote(Steward).options(
        name=NAME, namespace=NAMESPACE, lifetime="detached", get_if_exists=True, max_restarts=-1, num_cpus=0,
        max_concurrency=100, **placement(labels),
    )  # fmt: skip
    handle: ActorHandle[Any] = actor.remote(layout, policy)
    ray.get(handle.start.remote())
    return handle
