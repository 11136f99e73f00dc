"""A cluster on the rack, as an owner installs it: secrets on every machine, `ray up` with the on-premises file."""

import json
import os
import shutil
import ssl
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cluster.embedded.throwaway import Servers
from cluster.node.secrets import draw
from cluster.secrets import write_private
from cluster.topology.files import write
from cluster.topology.model import POOL_LABEL, OnPremisesSite, Pool, Site
from cluster.topology.settings import toml
from tests.cluster.machines import BRIDGE, ROOT, Rack

_FILE = "deploy/onprem/cluster.yaml"
POSTGRES_PORT, S3_PORT = 5432, 9000


@dataclass
class Installed:
    """`rack` with Ray on it."""

    rack: Rack
    folder: Path

    def ray_up(self) -> "subprocess.CompletedProcess[str]":
        """As docs/cluster.md says, from the operator's machine."""
        argv = [sys.executable, "-m", "ray.scripts.scripts", "up", "-y", "--no-config-cache", _FILE]
        # Ray's second autoscaler starts no workers on machines of one's own.
        surroundings = os.environ | {"RAY_UP_enable_autoscaler_v2": "0", "RAY_USAGE_STATS_ENABLED": "0"}
        return subprocess.run(
            argv, cwd=self.folder, env=surroundings, capture_output=True, text=True, check=False, timeout=900
        )

    def last_words(self) -> str:
        """The end of Ray's logs on the head."""
        logs = "/var/lib/pixreunion/ray/session_latest/logs"
        wanted = " ".join(
            f"{logs}/{name}" for name in ("raylet.out", "raylet.err", "gcs_server.out", "dashboard_agent.log")
        )
        return self.rack.ssh("head", f"uptime; ls {logs}; tail -n 12 {wanted} | cut -c1-300", check=False).stdout

    def on_head(self, code: str, timeout_s: float = 300) -> str:
        """A driver's Python on the head; what it printed."""
        (self.rack.machines["head"].folder / "root" / "driver.py").write_text(code)
        return self.rack.ssh("head", f"{JOINED} python /root/driver.py", timeout_s=timeout_s).stdout

    def await_nodes(self, count: int, timeout_s: float = 240) -> float:
        """Seconds until so many nodes are alive."""
        code = _COUNT.format(count=count, timeout_s=timeout_s)
        return float(self.on_head(code, timeout_s + 60).splitlines()[-1])

    def submit(self, command: str, timeout_s: float = 600) -> str:
        """`ray job submit` on the head, whose dashboard listens on its loopback alone."""
        line = f"{JOINED} ray job submit --address http://127.0.0.1:8265 -- {command}"
        return self.rack.ssh("head", line, timeout_s=timeout_s).stdout

    def actors(self) -> dict[str, set[str]]:
        """Addresses of the machines on which each class of actor lives."""
        found: dict[str, set[str]] = {}
        for name, address in json.loads(self.on_head(_WHERE).splitlines()[-1]):
            found.setdefault(name, set()).add(address)
        return found

    def addresses_of(self, part: str) -> list[str]:
        """Of the actors with this word in the name of their class."""
        return sorted(
            {address for name, where in self.actors().items() if part in name for address in where if address}
        )

    def trust(self) -> ssl.SSLContext:
        """What a client of the API trusts."""
        return ssl.create_default_context(cafile=str(self.folder / "secrets" / "ca.crt"))


_WHERE = """
import json, ray
ray.init(namespace="pixreunion", log_to_driver=False, logging_level="error")
from ray.util.state import list_actors
alive = {node["NodeID"]: node["NodeManagerAddress"] for node in ray.nodes()}
print(json.dumps([
    (actor.class_name, alive.get(actor.node_id)) for actor in list_actors(filters=[("state", "=", "ALIVE")], limit=1000)
]))
"""
_COUNT = """
import ray, time
ray.init(log_to_driver=False, logging_level="error")
began = time.monotonic()
while sum(node["Alive"] for node in ray.nodes()) != {count}:
    if time.monotonic() - began > {timeout_s}:
        raise SystemExit(str(ray.nodes()))
    time.sleep(0.2)
print(time.monotonic() - began)
"""
JOINED = (
    # Without the autoscaler's own words, which Ray prints between those of a driver.
    "env RAY_SCHEDULER_EVENTS=0 RAY_ADDRESS=$(cat /srv/pixreunion/head):6379 RAY_AUTH_MODE=token "
    "RAY_AUTH_TOKEN_PATH=/etc/pixreunion/secrets/ray-token RAY_USE_TLS=1 "
    "RAY_TLS_SERVER_CERT=/run/pixreunion/node.crt RAY_TLS_SERVER_KEY=/run/pixreunion/node.key "
    "RAY_TLS_CA_CERT=/etc/pixreunion/secrets/ca.crt PIXREUNION_CONFIG=/etc/pixreunion/settings.toml"
)


def install(rack: Rack, servers: Servers, labels: Mapping[str, Mapping[str, str]], changes: str) -> Installed:
    """Writes the owner's files and each machine's; starts nothing. `labels` by machine; `changes`: settings in TOML."""
    folder = rack.folder / "operator"
    folder.mkdir()
    site = Site.read(ROOT / "deploy" / "site.toml")
    own = OnPremisesSite(
        head=rack.machines["head"].address,
        workers=tuple(each.address for name, each in rack.machines.items() if name != "head"),
        ssh_user="root",
        ssh_key=str(rack.key),
        database_host=BRIDGE,
        bucket="pixreunion-rack",
        s3_endpoint=f"http://{BRIDGE}:{S3_PORT}",
    )
    write(site.model_copy(update={"on_premises": own}), folder)
    (folder / "deploy/onprem/settings.toml").write_text(changes)
    (rack.shared / "head").write_text(own.head)
    secrets = folder / "secrets"
    addresses = [each.address for each in rack.machines.values()]
    draw(secrets, addresses)
    keys = servers.s3.address
    write_private(secrets / "pgpass", f"{BRIDGE}:{POSTGRES_PORT}:*:pixreunion:{servers.postgres.address.password}\n")
    credentials = f"[default]\naws_access_key_id = {keys.access_key}\naws_secret_access_key = {keys.secret_key}\n"
    write_private(secrets / "s3-credentials", credentials)
    for name, machine in rack.machines.items():
        shutil.copytree(secrets, machine.folder / "etc" / "secrets", copy_function=shutil.copy2)
        # Devices are named, not there: what is placed on them computes on the processor.
        devices = int(labels[name][POOL_LABEL] == Pool.SHARED)
        node = {"object_store_bytes": 90_000_000, "cpus": 2, "gpus": devices, "labels": dict(labels[name])}
        (machine.folder / "etc" / "node.toml").write_text(toml(node))
    return Installed(rack, folder)
