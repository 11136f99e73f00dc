"""The nouns of a cluster: node types, what they are for, and the site they stand on.

    Site (deploy/site.toml: ids and addresses of one owner)  ─┐
    NODE_TYPES (here: what the service needs)                 ─┴─▶ cluster.yaml, deploy/onprem/, deploy/kubernetes/ …

No secret is in any of them: secrets stand in files on the nodes (`cluster/node/config.py`).
"""

import tomllib
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cluster.errors import BadSettings
from governance.placement import HEAD_LABEL

REGION_LABEL = "pixreunion.io/region"
GPU_LABEL = "pixreunion.io/gpu"
POOL_LABEL = "pixreunion.io/pool"
MARKET_LABEL = "pixreunion.io/market"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Pool(StrEnum):
    """Who may use a node. SHARED: serving first, training fills what is left."""

    CONTROL = "control"
    SERVING = "serving"
    SHARED = "shared"


class Market(StrEnum):
    """Spot nodes may be taken away within two minutes: training on them seals a checkpoint and moves."""

    ON_DEMAND = "on-demand"
    SPOT = "spot"


class GpuClass(StrEnum):
    NONE = "none"
    L4 = "l4"
    L40S = "l40s"
    H100 = "h100"


class NodeType(_Frozen):
    """One kind of node. `idle_s`: how long it stays without work; a higher `priority` is started first; `disk_gb` holds
    Ray's logs and spill. `instance` is AWS's name, `memory_gb` and `cpus` what Ray is told it has."""

    name: str
    pool: Pool
    market: Market
    gpu: GpuClass
    gpus: int = Field(ge=0)
    cpus: int = Field(ge=0)
    memory_gb: int = Field(ge=1)
    instance: str
    least: int = Field(default=0, ge=0)
    most: int = Field(ge=0)
    idle_s: int = Field(default=300, ge=30)
    priority: int = 0
    disk_gb: int = Field(default=200, ge=20)

    def labels(self, region: str) -> dict[str, str]:
        """What work selects a node by."""
        return {
            REGION_LABEL: region,
            GPU_LABEL: self.gpu.value,
            POOL_LABEL: self.pool.value,
            MARKET_LABEL: self.market.value,
            **({HEAD_LABEL: "true"} if self is HEAD else {}),
        }


class AwsSite(_Frozen):
    """An account's own ids. Nodes have private addresses only; `subnets` reach S3, KMS and RDS by endpoints. `shared`:
    where the image mounts an encrypted file system that every node sees."""

    region: str
    zones: tuple[str, ...]
    account: str = Field(pattern=r"^\d{12}$")
    subnets: tuple[str, ...]
    security_group: str
    image: str
    key_name: str
    bucket: str
    kms_key: str
    database_host: str
    secret_prefix: str = "pixreunion"  # noqa: S105 - what the secrets' names begin with
    shared: str = "/srv/pixreunion"


class OnPremisesSite(_Frozen):
    """Machines reached over ssh. `shared`: a directory that every machine sees (keys of the file provider)."""

    head: str
    workers: tuple[str, ...]
    ssh_user: str
    ssh_key: str
    database_host: str
    bucket: str
    s3_endpoint: str
    shared: str = "/srv/pixreunion"


class KubernetesSite(_Frozen):
    """`image` has this release; `storage_class` encrypts its volumes."""

    namespace: str = "pixreunion"
    image: str
    storage_class: str


class Site(_Frozen):
    """Where the cluster stands. `region`: whose data may be worked on here (P9.1), not a cloud's name for a place."""

    name: str = "pixreunion"
    region: str
    release: str
    aws: AwsSite
    on_premises: OnPremisesSite
    kubernetes: KubernetesSite

    @classmethod
    def read(cls, path: Path) -> "Site":
        """Raises BadSettings naming every wrong value."""
        try:
            return cls.model_validate(tomllib.loads(path.read_text()))
        except (OSError, tomllib.TOMLDecodeError) as error:
            raise BadSettings(f"{path} cannot be read: {error}.", "deploy/site.toml shows what it holds.") from error
        except ValidationError as error:
            wrong = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_input=False)]
            raise BadSettings(f"{path}: {'; '.join(wrong)}.", "deploy/site.toml shows what it holds.") from error


HEAD = NodeType(
    name="head", pool=Pool.CONTROL, market=Market.ON_DEMAND, gpu=GpuClass.NONE, gpus=0, cpus=8, memory_gb=32,
    instance="m7i.2xlarge", most=0, disk_gb=200,
)  # fmt: skip

WORKERS: tuple[NodeType, ...] = (
    NodeType(
        name="services", pool=Pool.CONTROL, market=Market.ON_DEMAND, gpu=GpuClass.NONE, gpus=0, cpus=8, memory_gb=32,
        instance="m7i.2xlarge", least=2, most=8, idle_s=600, priority=30,
    ),
    NodeType(
        name="gpu-serving", pool=Pool.SERVING, market=Market.ON_DEMAND, gpu=GpuClass.L40S, gpus=1, cpus=8, memory_gb=64,
        instance="g6e.2xlarge", most=32, idle_s=600, priority=20,
    ),
    NodeType(
        name="gpu-shared", pool=Pool.SHARED, market=Market.ON_DEMAND, gpu=GpuClass.L40S, gpus=1, cpus=8, memory_gb=64,
        instance="g6e.2xlarge", most=16, idle_s=300, priority=5,
    ),
    NodeType(
        name="gpu-spot", pool=Pool.SHARED, market=Market.SPOT, gpu=GpuClass.L40S, gpus=1, cpus=8, memory_gb=64,
        instance="g6e.2xlarge", most=64, idle_s=180, priority=10,
    ),
)  # fmt: skip

NODE_TYPES: Mapping[str, NodeType] = {kind.name: kind for kind in (HEAD, *WORKERS)}
