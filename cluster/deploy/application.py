"""`pixreunion deploy`: the services onto the Ray this process belongs to, from the settings of its node.

Submitted with `ray job submit -- pixreunion deploy`, and again for an update: what runs is replaced replica by replica,
each draining first, while the others answer. KubeRay calls `build_application` instead.
"""

import json
import sys
from collections.abc import Mapping
from typing import Any

import ray
from ray import serve

from cluster.bootstrap import NAMESPACE, compose, start_actors
from cluster.compose import Plan, plan, secrets_folder
from cluster.config import Settings, load
from cluster.errors import BadSettings
from cluster.handover import APPLICATION
from cluster.home import Home
from cluster.ports import PortBlock
from cluster.progress import JsonLines, Silent, Teller
from cluster.tls.authority import Pair
from serve_apps.app import build


def cluster_plan(settings: Settings) -> Plan:
    """The plan for a cluster. Raises BadSettings where a laptop's own servers or files would be meant."""
    missing = [name for name in ("postgres_dsn", "s3") if getattr(settings, name) is None]
    if missing:
        raise BadSettings(
            f"A cluster has no {' and no '.join(missing)} of its own.",
            "Set PIXREUNION_POSTGRES_DSN and PIXREUNION_S3__BUCKET, or the same in settings.toml.",
        )
    home = Home(settings.home)
    folder = secrets_folder(settings, home)
    needed = [folder / "service.secret", *((pair.certificate, pair.key) if (pair := _pair(settings, home)) else ())]
    absent = [str(path) for path in needed if not path.is_file()]
    if absent:
        raise BadSettings(f"Missing: {', '.join(absent)}.", "`pixreunion cluster-secrets` makes them.")
    return plan(settings, home, PortBlock(settings.port_base))


def deploy(teller: Teller) -> Mapping[str, int]:
    """Joins the Ray around it and composes or updates the services on it; the replicas that run then."""
    composed = cluster_plan(load())
    ray.init(namespace=NAMESPACE, log_to_driver=False, logging_level="warning")
    try:
        compose(composed, teller)
        application = serve.status().applications[APPLICATION]
        return {name: sum(each.replica_states.values()) for name, each in application.deployments.items()}
    finally:
        ray.shutdown()


def build_application(args: Mapping[str, Any]) -> serve.Application:
    """For Serve's own configuration file. `args`: none are needed; the settings stand in the node's files."""
    composed = cluster_plan(load())
    start_actors(composed, Silent())
    return build(composed.serving, composed.governance)


def _pair(settings: Settings, home: Home) -> Pair | None:
    return Pair.within(secrets_folder(settings, home), "ingress") if settings.tls else None


if __name__ == "__main__":
    sys.stdout.write(json.dumps({"replicas": deploy(JsonLines())}) + "\n")
