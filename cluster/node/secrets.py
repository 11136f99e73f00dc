"""The secret files of a cluster: drawn once, then brought to every machine by its owner's means.

On AWS they lie in Secrets Manager and each node fetches them with its role; on one's own machines they are copied.
"""

import secrets
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from cluster.errors import BadSettings
from cluster.secrets import write_private
from cluster.tls.authority import Authority, Pair
from serve_apps.ingress.secrets import create_secret

# Drawn here. What others give (pgpass, s3-credentials, database-ca.crt) is put beside them.
DRAWN = ("ray-token", "service.secret", "ca.crt", "ca.key")
GIVEN = ("pgpass", "s3-credentials", "s3-ca.crt", "database-ca.crt", "ingress.crt", "ingress.key")


def draw(folder: Path, hosts: list[str]) -> list[Path]:
    """Makes every secret that is not there yet; returns those made. `hosts`: names and addresses of the API, for a
    certificate of the cluster's own authority; none where a public authority's is put there."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    before = set(folder.iterdir())
    if not (folder / "ray-token").exists():
        write_private(folder / "ray-token", secrets.token_hex(32))
    create_secret(folder / "service.secret")
    authority = Authority(folder)
    authority.create()
    pair = Pair.within(folder, "ingress")
    if hosts and not pair.exists:
        authority.issue(pair, hosts)
    return sorted(set(folder.iterdir()) - before)


def fetch(folder: Path, region: str, prefix: str, endpoint: str | None = None) -> list[str]:
    """Every secret named `<prefix>/<file>` from AWS Secrets Manager into the folder; the names found. Raises
    BadSettings for one that is needed and cannot be read."""
    client: Any = boto3.client("secretsmanager", region_name=region, endpoint_url=endpoint)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = []
    for name in (*DRAWN, *GIVEN):
        value = _value(client, f"{prefix}/{name}", needed=name in DRAWN)
        if value is not None:
            write_private(folder / name, value)
            found.append(name)
    return found


def store(folder: Path, region: str, prefix: str, endpoint: str | None = None) -> list[str]:
    """Puts the files of the folder into AWS Secrets Manager, where the nodes fetch them; the names stored."""
    client: Any = boto3.client("secretsmanager", region_name=region, endpoint_url=endpoint)
    names = [name for name in (*DRAWN, *GIVEN) if (folder / name).is_file()]
    for name in names:
        content = (folder / name).read_bytes()
        try:
            client.create_secret(Name=f"{prefix}/{name}", SecretBinary=content)
        except client.exceptions.ResourceExistsException:
            client.put_secret_value(SecretId=f"{prefix}/{name}", SecretBinary=content)
    return names


def _value(client: Any, name: str, needed: bool) -> bytes | None:
    try:
        return bytes(client.get_secret_value(SecretId=name)["SecretBinary"])
    except client.exceptions.ResourceNotFoundException as error:
        if needed:
            raise BadSettings(
                f"AWS has no secret {name}.", "`pixreunion cluster-secrets --store` puts it there."
            ) from error
        return None
    except (ClientError, BotoCoreError) as error:
        raise BadSettings(f"The secret {name} cannot be read: {error}.", "Check the node's role and region.") from error
