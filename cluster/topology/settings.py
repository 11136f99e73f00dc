"""The settings files of a cluster's nodes, made from the site: what the service needs to know, and where. No secret."""

from typing import Any

from cluster.node.config import SECRETS
from cluster.topology.model import POOL_LABEL, REGION_LABEL, Pool, Site

Table = dict[str, Any]
_DATABASE = "pixreunion"


def aws_settings(site: Site) -> str:
    """S3, KMS and RDS; their passwords and keys come from the node's files or its role."""
    aws = site.aws
    return toml(
        _common(site, aws.shared)
        | {
            "postgres_dsn": _dsn(aws.database_host),
            "s3": {"bucket": aws.bucket, "region": aws.region},
            "vault": {"provider": "kms", "kms_region": aws.region},
        }
    )


def onprem_settings(site: Site) -> str:
    """S3 of one's own, and epoch keys in a file on the directory that every machine sees."""
    own = site.on_premises
    return toml(
        _common(site, own.shared)
        | {
            "postgres_dsn": _dsn(own.database_host),
            "s3": {"bucket": own.bucket, "endpoint": own.s3_endpoint},
            "vault": {"provider": "file", "key_file": f"{own.shared}/governance.key"},
        }
    )


def node_file(site: Site) -> str:
    """What every node of AWS is alike in; labels come from `ray up`."""
    return toml({"gcs": "rocksdb", "tls": True, "labels": {REGION_LABEL: site.region}})


def _common(site: Site, shared: str) -> Table:
    """`shared`: Ray Train's own run folders (ids only) must be seen by every machine."""
    here = {REGION_LABEL: site.region}
    gpus = here | {POOL_LABEL: f"in({Pool.SERVING},{Pool.SHARED})"}
    return {
        "home": shared,
        "region": site.region,
        "listen": "node",
        "secrets": str(SECRETS),
        "tls": True,
        "serving": {
            "ingress_replicas": 2,
            "ingress_labels": here | {POOL_LABEL: Pool.CONTROL.value},
            "generator": {
                "device": "cuda", "dtype": "bfloat16", "gpus_per_replica": 1.0, "min_replicas": 0, "max_replicas": 32,
                "labels": gpus,
            },
        },
        "training": {
            "base": {"device": "cuda", "autocast": "bfloat16"},
            "pool": {
                "gpus": 1.0, "groups": 64, "warm": False, "preemption": True, "region_label": REGION_LABEL,
                "regions": [site.region], "label_selector": {POOL_LABEL: Pool.SHARED.value},
            },
        },
    }  # fmt: skip


def _dsn(host: str) -> str:
    """The password stands in the file that PGPASSFILE names; the server must prove who it is."""
    checked = f"sslmode=verify-full&sslrootcert={SECRETS}/database-ca.crt"
    return f"postgresql://pixreunion@{host}:5432/{_DATABASE}?{checked}"


def toml(table: Table, above: str = "") -> str:
    """TOML text of nested tables of strings, numbers, booleans and lists."""
    lines = [f"{_key(name)} = {_value(value)}" for name, value in table.items() if not isinstance(value, dict)]
    for name, value in table.items():
        if isinstance(value, dict):
            path = f"{above}{_key(name)}"
            lines += ["", f"[{path}]", toml(value, f"{path}.").rstrip("\n")]
    return "\n".join(lines).lstrip("\n") + "\n"


def _key(name: str) -> str:
    return name if name.replace("_", "").isalnum() else f'"{name}"'


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    return f'"{value}"' if isinstance(value, str) else str(value)
