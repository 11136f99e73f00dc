"""What one machine of a cluster is told: where its secrets lie and how Ray runs on it. Read from node.toml.

/etc/pixreunion/node.toml       this
/etc/pixreunion/settings.toml   the service's settings, the same on every machine
/etc/pixreunion/secrets/        ray-token, ca.crt, ca.key, pgpass, s3-credentials, service.secret … (0600)
/run/pixreunion/                this machine's own key and certificate, in memory
/var/lib/pixreunion/            Ray's logs and spill, and what the head must not forget: on an encrypted disk
"""

import os
import tomllib
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cluster.errors import BadSettings

DIRECTORY = Path("/etc/pixreunion")
SECRETS = DIRECTORY / "secrets"
_SHOWN = "`pixreunion cluster-files` writes one."


class GcsStore(StrEnum):
    """Where the head keeps what it knows of actors and placement: nowhere, on its disk, or in Redis."""

    MEMORY = "memory"
    ROCKSDB = "rocksdb"
    REDIS = "redis"


class NodeSettings(BaseModel):
    """`address`: of this machine in the cluster's network; None asks the routing table. `cpus`, `gpus`: None asks the
    machine. `inline_bytes`: larger values would pass through the object store, which nobody zeroes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    settings: Path = DIRECTORY / "settings.toml"
    secrets: Path = SECRETS
    run: Path = Path("/run/pixreunion")
    state: Path = Path("/var/lib/pixreunion")
    address: str | None = None
    tls: bool = True
    gcs: GcsStore = GcsStore.ROCKSDB
    redis: str | None = None
    cpus: int | None = Field(default=None, ge=0)
    gpus: int | None = Field(default=None, ge=0)
    memory_bytes: int | None = Field(default=None, ge=0)
    object_store_bytes: int = Field(default=1_000_000_000, ge=80_000_000)
    inline_bytes: int = Field(default=16_000_000, ge=100_000)
    labels: dict[str, str] = {}

    @property
    def ray(self) -> Path:
        """Ray's directory: sessions, logs, spill."""
        return self.state / "ray"


def load_node() -> NodeSettings:
    """The settings of this machine. Raises BadSettings naming every wrong value."""
    path = Path(os.environ.get("PIXREUNION_NODE_CONFIG", DIRECTORY / "node.toml"))
    try:
        return NodeSettings.model_validate(tomllib.loads(path.read_text()))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise BadSettings(f"{path} cannot be read: {error}.", _SHOWN) from error
    except ValidationError as error:
        wrong = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_input=False)]
        raise BadSettings(f"{path}: {'; '.join(wrong)}.", _SHOWN) from error


def launcher_environment() -> dict[str, str]:
    """What `ray up` tells the commands it runs: the node type's labels and resources, and the cluster's name."""
    return {name: value for name, value in os.environ.items() if name.startswith("RAY_")}
