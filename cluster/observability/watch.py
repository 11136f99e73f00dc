"""Looks at a running service and prints each look as a line of JSON: what stands behind `pixreunion top`.

A process of its own (`python -m cluster.observability.watch <seconds between looks> <how many, 0: without end>`), so
that the command line loads neither Ray nor torch. It only reads.
"""

import asyncio
import sys
from time import monotonic
from typing import Any

import ray
from ray import serve
from ray.exceptions import RayError
from ray.serve.exceptions import DeploymentUnavailableError, RayServeException

from cluster.bootstrap import NAMESPACE
from cluster.capacity.reconciler import Outlook
from cluster.capacity.steward import NAME as STEWARD
from cluster.handover import APPLICATION
from cluster.observability.facts import groups, nodes, regions
from cluster.observability.snapshot import Deployment, Snapshot
from serve_apps.generator.scaling import QUEUED_STEPS
from training.config import PoolSettings
from training.pool import PoolStatus

_ANSWER_S = 5.0
_AGAIN_S = 0.2


async def look() -> Snapshot:
    """One look; a part that does not answer is shown as not there."""
    outlook: Outlook = await _ask(STEWARD, "outlook") or Outlook()
    pool: PoolStatus | None = await _ask(PoolSettings().name, "status")
    application = (await asyncio.to_thread(serve.status)).applications.get(APPLICATION)
    deployments = application.deployments if application else {}
    return Snapshot(
        nodes=nodes(await asyncio.to_thread(ray.nodes)),
        deployments=tuple(
            Deployment(name=name, replicas={str(state): count for state, count in each.replica_states.items()})
            for name, each in deployments.items()
        ),
        queued_steps=await _queued_steps(_running(deployments.get("generator"))),
        groups=groups(pool),
        queued_jobs=pool.queued if pool else 0,
        regions=regions(outlook),
        waits=tuple(map(str, outlook.waits)),
        vitals=outlook.vitals,
    )


async def _ask(actor: str, call: str) -> Any:
    try:
        handle = await asyncio.to_thread(ray.get_actor, actor, NAMESPACE)
        return await asyncio.wait_for(_answer(getattr(handle, call).remote()), _ANSWER_S)
    except (ValueError, RayError, TimeoutError):
        return None


async def _answer(reference: Any) -> Any:
    return await reference


def _running(generator: Any) -> int:
    return 0 if generator is None else int(generator.replica_states.get("RUNNING", 0))


async def _queued_steps(replicas: int) -> tuple[float, ...]:
    """Of every replica that answers. A handle that is new takes a moment to learn of them."""
    ends = monotonic() + _ANSWER_S
    told: tuple[float, ...] = ()
    while len(told) < replicas and monotonic() < ends:
        told = await _asked_for_steps()
        if len(told) < replicas:
            await asyncio.sleep(_AGAIN_S)
    return told


async def _asked_for_steps() -> tuple[float, ...]:
    handle = serve.get_deployment_handle("generator", APPLICATION)
    try:
        asked = handle.broadcast("record_autoscaling_stats")
        told = await asked.results_async(timeout_s=_ANSWER_S, return_exceptions=True)
    except (DeploymentUnavailableError, RayServeException, RayError, TimeoutError):
        return ()
    return tuple(each[QUEUED_STEPS] for each in told if isinstance(each, dict))


async def watch(every_s: float, count: int) -> None:
    """Prints until told enough, or until nobody reads."""
    seen = 0
    while True:
        sys.stdout.write((await look()).model_dump_json() + "\n")
        sys.stdout.flush()
        seen += 1
        if seen == count:
            return
        await asyncio.sleep(every_s)


def main(every_s: float, count: int) -> None:
    """Joins the Ray named in the environment, and starts none."""
    ray.init("auto", namespace=NAMESPACE, log_to_driver=False, logging_level="error")
    try:
        asyncio.run(watch(every_s, count))
    finally:
        ray.shutdown()


if __name__ == "__main__":
    main(float(sys.argv[1]), int(sys.argv[2]))
