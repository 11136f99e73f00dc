"""The rack with Ray and the service on it, installed once for all tests here. Needs `make test-cluster`."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from cluster.embedded.throwaway import Servers
from cluster.ports import Port
from cluster.topology.model import POOL_LABEL, REGION_LABEL
from tests.cluster.forward import Forward
from tests.cluster.installed import POSTGRES_PORT, S3_PORT, Installed, install
from tests.cluster.machines import BRIDGE, Rack

LABELS = {
    "head": {REGION_LABEL: "eu", POOL_LABEL: "control"},
    "w1": {REGION_LABEL: "eu", POOL_LABEL: "shared"},
    "w2": {REGION_LABEL: "eu", POOL_LABEL: "shared"},
    "w3": {REGION_LABEL: "us", POOL_LABEL: "shared"},
    "c1": {REGION_LABEL: "eu", POOL_LABEL: "control"},
}
SETTINGS = f"""
home = "/srv/pixreunion"
region = "eu"
listen = "node"
secrets = "/etc/pixreunion/secrets"
tls = true
postgres_dsn = "postgresql://pixreunion@{BRIDGE}:{POSTGRES_PORT}/pixreunion"

[s3]
bucket = "pixreunion-rack"
endpoint = "http://{BRIDGE}:{S3_PORT}"
region = "us-east-1"

[vault]
provider = "file"
key_file = "/srv/pixreunion/governance.key"

[serving]
ingress_replicas = 2
ingress_per_node = 1

[serving.ingress_labels]
"{REGION_LABEL}" = "eu"
"{POOL_LABEL}" = "control"

[serving.generator]
cpus_per_replica = 0.5
gpus_per_replica = 1.0
min_replicas = 0
max_replicas = 2
target_steps_per_replica = 30.0

[serving.generator.labels]
"{REGION_LABEL}" = "eu"
"{POOL_LABEL}" = "in(serving,shared)"

[training.worker]
idle_s = 10.0

[training.pool]
cpus = 0.5
gpus = 1.0
warm = false
region_label = "{REGION_LABEL}"

[training.pool.label_selector]
"{POOL_LABEL}" = "shared"
"""


@pytest.fixture(scope="session")
def installed(servers: Servers) -> Iterator[Installed]:
    with tempfile.TemporaryDirectory(dir="/var/tmp", prefix="rack-") as folder:
        rack = Rack(Path(folder) / "rack", list(LABELS))
        try:
            rack.build()
            postgres = Forward(BRIDGE, POSTGRES_PORT, servers.postgres.address.port)
            s3 = Forward(BRIDGE, S3_PORT, servers.s3.address.ports[Port.S3])
            postgres.start()
            s3.start()
            yield install(rack, servers, LABELS, SETTINGS)
        finally:
            rack.close()


@pytest.fixture(scope="session")
def cluster(installed: Installed) -> Installed:
    """`ray up` has succeeded and every machine has joined."""
    up = installed.ray_up()
    assert up.returncode == 0, f"{up.stdout[-4000:]}\n{up.stderr[-4000:]}\n{installed.last_words()}"
    installed.await_nodes(len(LABELS))
    return installed


@pytest.fixture(scope="session")
def service(cluster: Installed) -> Installed:
    """The services are deployed by a job, as an operator does it."""
    said = cluster.submit("pixreunion deploy --json")
    assert '"replicas"' in said, said
    return cluster
