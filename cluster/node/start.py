"""Ray on this machine, as head or worker of a cluster: what `ray up`'s commands call."""

import random
import socket
import subprocess
import sysconfig
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from time import sleep

from cluster.errors import BadSettings, PartFailed
from cluster.node.config import NodeSettings
from cluster.node.environment import head_environment, node_environment, own_pair
from cluster.ports import LOOPBACK
from cluster.processes import belonging_to, end, tree
from cluster.tls.authority import Authority
from cluster.topology import ports
from governance.placement import HEAD_LABEL

START_S = 180.0
ATTEMPTS = 6
# Longest pause before another try: machines that share a host or a disk would be in each other's way again.
PAUSE_S = 5.0
# Never sent to: the routing table alone is asked which address of ours leads there.
_ELSEWHERE = "192.0.2.1"


@dataclass(frozen=True)
class Head:
    """`autoscaling`: the file by which Ray's monitor starts and ends workers; None keeps the cluster as it is."""

    autoscaling: Path | None = None


@dataclass(frozen=True)
class Worker:
    """`head`: the address of the node to join."""

    head: str


Role = Head | Worker


def start(settings: NodeSettings, role: Role, given: Mapping[str, str]) -> str:
    """Starts Ray and returns this node's address. Raises BadSettings for a missing secret, PartFailed with Ray's words.

    Ray itself waits 15 seconds for each of its own parts and no longer; on a busy machine that may take another try.
    """
    address = own_address(settings, role)
    _prepare(settings)
    certify(settings, address)
    variables = node_environment(settings, given) | (head_environment(settings) if isinstance(role, Head) else {})
    argv = [str(Path(sysconfig.get_path("scripts")) / "ray"), "start", *arguments(settings, role, address)]
    words: list[str] = []
    for attempt in range(ATTEMPTS):
        if attempt:
            sleep(random.uniform(0.0, PAUSE_S))
        # Ray's servers inherit what they are given: a pipe would never end.
        with tempfile.TemporaryFile("w+") as said:
            done = subprocess.run(
                argv, env=variables, stdin=subprocess.DEVNULL, stdout=said, stderr=said, timeout=START_S, check=False
            )
            said.seek(0)
            words = said.read().strip().splitlines()[-12:]
        if done.returncode == 0:
            return address
        stop(settings)
    raise PartFailed("Ray did not start.", "Its words are:\n" + "\n".join(words))


def stop(settings: NodeSettings) -> bool:
    """Ends every Ray process of this node, and no other; True when all are gone."""
    return end(lambda: tree(belonging_to(settings.state, settings.ray)))


def certify(settings: NodeSettings, address: str) -> None:
    """A key of this node's own, signed by the cluster's authority."""
    if settings.tls:
        names = (address, socket.gethostname(), "localhost", LOOPBACK)
        Authority(settings.secrets).issue(own_pair(settings), names)


def own_address(settings: NodeSettings, role: Role | None = None) -> str:
    """The address by which other nodes reach this one."""
    if settings.address is not None:
        return settings.address
    towards = role.head if isinstance(role, Worker) else _ELSEWHERE
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((towards, 9))
        except OSError as error:
            raise BadSettings(
                f"This machine has no route to {towards} ({error.strerror}).", "Set `address` in node.toml."
            ) from error
        return str(probe.getsockname()[0])


def arguments(settings: NodeSettings, role: Role, address: str) -> list[str]:
    """Of `ray start`. Every port is fixed, so that a firewall can close all others."""
    first, last = ports.WORKERS
    labels = settings.labels | ({HEAD_LABEL: "true"} if isinstance(role, Head) else {})
    chosen: dict[str, object] = {
        "node-ip-address": address,
        "node-manager-port": ports.NODE_MANAGER,
        "object-manager-port": ports.OBJECT_MANAGER,
        "dashboard-agent-grpc-port": ports.AGENT_GRPC,
        "dashboard-agent-listen-port": ports.AGENT_HTTP,
        "runtime-env-agent-port": ports.RUNTIME_ENV,
        "metrics-export-port": ports.METRICS,
        "min-worker-port": first,
        "max-worker-port": last,
        "temp-dir": settings.ray,
        "object-spilling-directory": settings.ray / "spill",
        "object-store-memory": settings.object_store_bytes,
        "labels": ",".join(f"{name}={value}" for name, value in labels.items()) or None,
        "num-cpus": settings.cpus,
        "num-gpus": settings.gpus,
        "memory": settings.memory_bytes,
    }
    if isinstance(role, Head):
        chosen |= {
            "port": ports.GCS,
            "ray-client-server-port": ports.CLIENT,
            "dashboard-host": LOOPBACK,
            "dashboard-port": ports.DASHBOARD,
            "autoscaling-config": role.autoscaling.expanduser() if role.autoscaling else None,
        }
    else:
        chosen |= {"address": f"{role.head}:{ports.GCS}"}
    given = [f"--{name}={value}" for name, value in chosen.items() if value is not None]
    return [*(["--head"] if isinstance(role, Head) else []), "--disable-usage-stats", "--log-style=record", *given]


def _prepare(settings: NodeSettings) -> None:
    """Directories for the owner alone, and every secret that Ray cannot do without."""
    for folder in (settings.run, settings.state, settings.ray):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    needed = ["ray-token", *(["ca.crt", "ca.key"] if settings.tls else [])]
    missing = [name for name in needed if not (settings.secrets / name).is_file()]
    if missing:
        raise BadSettings(
            f"{settings.secrets} lacks {', '.join(missing)}.",
            "`pixreunion cluster-secrets` makes them once; then bring them to every machine.",
        )
