"""The composition root: on a running Ray, builds governance, the training pool and the Serve application.

Run as a process of its own (`python -m cluster.bootstrap <plan>`), it tells its steps as JSON lines and ends; what it
built stays, detached. So the command line itself loads neither Ray nor torch, and Ctrl-C ends a half-way deployment by
ending this process. Every step may be repeated: what stands already is found, not doubled.
"""

import asyncio
import sys
from pathlib import Path

import ray
from ray import serve

from cluster.capacity.ray_surroundings import Layout
from cluster.capacity.steward import start_steward
from cluster.compose import Plan
from cluster.handover import APPLICATION
from cluster.progress import JsonLines, Teller
from cluster.topology.model import WORKERS
from governance.actor import start_governance
from governance.client import GovernanceClient
from serve_apps.app import build
from training.pool import start_pool

NAMESPACE = "pixreunion"
READY_S = 300.0


def compose(plan: Plan, teller: Teller) -> None:
    """Builds every part on the Ray that this process has joined; what runs already is updated replica by replica."""
    start_actors(plan, teller)
    with teller.step("Generator and API"):
        # The ingress listens itself: Serve's own proxy would put large bodies into the object store in the clear.
        serve.start(proxy_location="Disabled")
        serve.run(build(plan.serving, plan.governance), name=APPLICATION, route_prefix=None)


def start_actors(plan: Plan, teller: Teller) -> None:
    """Governance, the training pool, and the steward that shares the devices between pool and generator. They stay
    where the ingress may be: in the region, and on nodes that come and go seldom."""
    where = plan.serving.ingress_labels
    with teller.step("Governance: ledger, keys, erasure"):
        start_governance(plan.governance, labels=where)
        asyncio.run(_answers())
    with teller.step("Training pool"):
        start_pool(plan.training, plan.governance, where)
        start_steward(layout(plan), plan.capacity, where)


def layout(plan: Plan) -> Layout:
    """Where the steward looks. Nodes without labels are a laptop: there both fit beside each other."""
    generator, pool = plan.serving.generator, plan.training.pool
    return Layout(
        region=plan.serving.region,
        application=APPLICATION,
        pool=pool.name,
        namespace=pool.namespace,
        kinds=WORKERS if generator.labels else (),
        slots=generator.max_replicas + pool.groups,
    )


async def _answers() -> None:
    """Returns once governance has migrated its ledger and opened its keys. Raises Unavailable when it takes longer."""
    governance = GovernanceClient.connect(patience_s=READY_S)
    await governance.token(bytes(32))


def main(path: Path) -> None:
    """Joins the Ray named in the environment and composes the plan stored at `path`."""
    plan = Plan.model_validate_json(path.read_bytes())
    ray.init(namespace=NAMESPACE, log_to_driver=False, logging_level="warning")
    compose(plan, JsonLines())
    ray.shutdown()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
