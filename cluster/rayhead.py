"""A Ray head of our own: its own directory, ports and token, on the loopback address, beside any other Ray here."""

import secrets
import subprocess
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from cluster.config import RaySettings, environment
from cluster.errors import PartFailed
from cluster.home import Home
from cluster.ports import LOOPBACK, Port, PortBlock
from cluster.processes import OWNER, belonging_to, end, tree
from cluster.secrets import write_private

START_S = 180.0
# A raylet gives its helpers 15 seconds to start, no more; on a busy machine that may take a second try.
ATTEMPTS = 3
# What one generator, one ingress and one training worker claim; on two cores they share, and none waits for ever.
LEAST_CPUS = 4
# Freed memory is overwritten at once (docs/decisions/0003-freed-memory.md); it must be set before a process starts.
# uvloop receives into one buffer that it never clears: the last long upload would stay in it.
_CLEAN_MEMORY = {
    "RAY_USE_UVLOOP": "0",
    "PYTHONMALLOC": "malloc",
    "GLIBC_TUNABLES": "glibc.malloc.perturb=165:glibc.malloc.tcache_count=0",
}


@dataclass(frozen=True)
class RayAddress:
    """What a process needs to join: address and the file with the token."""

    gcs: str
    dashboard: str
    token: Path

    def environment(self) -> dict[str, str]:
        """Variables with which `ray.init()` finds this head and no other."""
        return {"RAY_ADDRESS": self.gcs} | self.security()

    def security(self) -> dict[str, str]:
        """Variables that the head itself shares with those who join it."""
        return {
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN_PATH": str(self.token),
            # Ray replaces a loopback address by the machine's public one, except where it expects firewalls' questions.
            "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
        }


class RayHead:
    """One head node, started through Ray's own command line and known by its directory."""

    def __init__(self, home: Home, ports: PortBlock, settings: RaySettings, surroundings: Mapping[str, str]) -> None:
        self._home = home
        self._ports = ports
        self._settings = settings
        self._surroundings = surroundings
        self._log = home.logs / "ray-start.log"

    @property
    def address(self) -> RayAddress:
        dashboard = f"http://{LOOPBACK}:{self._ports[Port.DASHBOARD]}"
        return RayAddress(f"{LOOPBACK}:{self._ports[Port.RAY_GCS]}", dashboard, self._home.token)

    def start(self) -> None:
        """Starts the head anew: what a killed start left is ended first. Raises PartFailed with Ray's own words.

        Nothing is lost with an old head: whatever must outlive it stands in PostgreSQL and S3.
        """
        if not self._home.token.exists():
            write_private(self._home.token, secrets.token_hex(32))
        for _ in range(ATTEMPTS):
            self.stop()
            if self._attempt():
                return
        raise PartFailed("Ray did not start.", f"Its words are in {self._log}.")

    def _attempt(self) -> bool:
        """One `ray start`; whether it succeeded. Whatever interrupts it, no half of it is left."""
        argv = [str(Path(sysconfig.get_path("scripts")) / "ray"), "start", *self._arguments()]
        with self._log.open("ab") as out:
            process = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=self._environment(), start_new_session=True
            )
        try:
            return process.wait(timeout=START_S) == 0
        except subprocess.TimeoutExpired:
            return False
        finally:
            process.kill()
            process.wait()

    def running(self) -> list[psutil.Process]:
        """Every process of our head: those named by its directory, and their descendants."""
        return tree(belonging_to(self._home.root, self._home.ray))

    def stop(self) -> bool:
        """Ends every process of our head; True when all are gone.

        Asked once, then ended: raylet and GCS would wait for each other, and neither keeps anything that lasts. Looked
        for again each time, because a dying raylet may have started one more worker.
        """
        return end(self.running)

    def _environment(self) -> Mapping[str, str]:
        return environment(
            self.address.security()
            | dict(self._surroundings)
            | {
                OWNER: str(self._home.root),
                "RAY_USAGE_STATS_ENABLED": "0",
                "RAY_max_direct_call_object_size": str(self._settings.inline_bytes),
                "RAY_max_grpc_message_size": str(8 * self._settings.inline_bytes + 256_000_000),
                "RAY_TRAIN_ENABLE_STATE_TRACKING": "1",
                "RAY_TRAIN_HEALTH_CHECK_INTERVAL_S": "0.2",
                "RAY_TRAIN_ENABLE_PREEMPTION_WATCHER": "0",
                **_CLEAN_MEMORY,
            }
        )

    def _arguments(self) -> list[str]:
        ports = self._ports
        arguments = {
            "node-ip-address": LOOPBACK,
            "port": ports[Port.RAY_GCS],
            "node-manager-port": ports[Port.RAY_NODE],
            "object-manager-port": ports[Port.RAY_OBJECTS],
            "ray-client-server-port": ports[Port.RAY_CLIENT],
            "runtime-env-agent-port": ports[Port.RAY_RUNTIME_ENV],
            "dashboard-host": LOOPBACK,
            "dashboard-port": ports[Port.DASHBOARD],
            "dashboard-agent-listen-port": ports[Port.RAY_AGENT_HTTP],
            "dashboard-agent-grpc-port": ports[Port.RAY_AGENT_GRPC],
            "metrics-export-port": ports[Port.RAY_METRICS],
            "temp-dir": self._home.ray,
            "object-spilling-directory": self._home.ray / "spill",
            "object-store-memory": self._settings.object_store_bytes,
            "labels": ",".join(f"{name}={value}" for name, value in self._settings.labels.items()) or None,
            "num-cpus": self._settings.cpus or max(LEAST_CPUS, psutil.cpu_count() or 1),
            "num-gpus": self._settings.gpus,
            "include-dashboard": str(self._settings.dashboard).lower(),
        }
        given = [f"--{name}={value}" for name, value in arguments.items() if value is not None]
        without = ["--disable-usage-stats", "--no-monitor", "--include-log-monitor=false", "--log-style=record"]
        return ["--head", *without, *given]
