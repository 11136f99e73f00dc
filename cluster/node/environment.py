"""The surroundings of Ray's processes on a node: who may join, how they talk, where passwords stand."""

import sys
from collections.abc import Mapping
from pathlib import Path

from cluster.config import environment
from cluster.errors import BadSettings
from cluster.node.config import GcsStore, NodeSettings
from cluster.ports import LOOPBACK
from cluster.processes import OWNER
from cluster.tls.authority import Pair
from cluster.topology import ports

_SOURCE = Path(__file__).parent.parent.parent
# Files that libraries read by themselves, when they are there.
_FILES = {
    "PGPASSFILE": "pgpass",
    "AWS_SHARED_CREDENTIALS_FILE": "s3-credentials",
    "AWS_CA_BUNDLE": "s3-ca.crt",
}


def own_pair(settings: NodeSettings) -> Pair:
    """This node's key and certificate; they live in memory and are drawn anew at each start."""
    return Pair.within(settings.run, "node")


def node_environment(settings: NodeSettings, given: Mapping[str, str]) -> dict[str, str]:
    """Everything but the role. `given`: what `ray up` told (labels, resources)."""
    programs = Path(sys.executable).parent
    variables = {
        **given,
        **_security(settings),
        **{name: str(settings.secrets / file) for name, file in _FILES.items() if (settings.secrets / file).exists()},
        "PIXREUNION_CONFIG": str(settings.settings),
        OWNER: str(settings.state),
        "PYTHONPATH": str(_SOURCE),
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_max_direct_call_object_size": str(settings.inline_bytes),
        "RAY_max_grpc_message_size": str(8 * settings.inline_bytes + 256_000_000),
        # Several objects in one spill file would live as long as the last of them.
        "RAY_max_fused_object_count": "1",
        "RAY_TRAIN_ENABLE_STATE_TRACKING": "1",
        "RAY_TRAIN_HEALTH_CHECK_INTERVAL_S": "0.2",
        "PYTHONMALLOC": "malloc",
        "GLIBC_TUNABLES": "glibc.malloc.perturb=165:glibc.malloc.tcache_count=0",
        # A node that says nothing for this long is dead: the bound of what a cut node costs.
        "RAY_health_check_initial_delay_ms": "5000",
        "RAY_health_check_period_ms": "1000",
        "RAY_health_check_timeout_ms": "2000",
        "RAY_health_check_failure_threshold": "3",
        # Workers wait this long for a lost head before they give up.
        "RAY_gcs_rpc_server_reconnect_timeout_s": "300",
    }
    made = environment(variables)
    return made | {"PATH": f"{programs}:{made.get('PATH', '')}"}


def joined_environment(settings: NodeSettings) -> dict[str, str]:
    """For an operator's command on this node: it finds the cluster, may join it, and finds the dashboard on the head.
    Raises BadSettings where no Ray runs."""
    known = settings.ray / "ray_current_cluster"
    try:
        address = known.read_text().strip()
    except OSError as error:
        raise BadSettings(f"No Ray runs here ({known} is not there).", "Start it with `ray up`.") from error
    dashboard = f"http://{LOOPBACK}:{ports.DASHBOARD}"
    return node_environment(settings, {}) | {"RAY_ADDRESS": address, "RAY_API_SERVER_ADDRESS": dashboard}


def head_environment(settings: NodeSettings) -> dict[str, str]:
    """What the head keeps over a restart, and where."""
    match settings.gcs:
        case GcsStore.ROCKSDB:
            return {"RAY_gcs_storage": "rocksdb", "RAY_gcs_storage_path": str(settings.state / "gcs")}
        case GcsStore.REDIS:
            assert settings.redis is not None
            return {"RAY_REDIS_ADDRESS": settings.redis, "RAY_gcs_storage": "redis"}
        case GcsStore.MEMORY:
            return {}


def _security(settings: NodeSettings) -> dict[str, str]:
    token = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(settings.secrets / "ray-token")}
    if not settings.tls:
        return token
    pair = own_pair(settings)
    return token | {
        "RAY_USE_TLS": "1",
        "RAY_TLS_SERVER_CERT": str(pair.certificate),
        "RAY_TLS_SERVER_KEY": str(pair.key),
        "RAY_TLS_CA_CERT": str(settings.secrets / "ca.crt"),
    }
