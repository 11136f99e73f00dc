from pathlib import Path

import pytest
from pydantic import SecretStr

from cluster.config import S3Settings, Settings
from cluster.deploy.application import cluster_plan
from cluster.errors import BadSettings
from cluster.node.secrets import draw


def settings(tmp_path: Path, **changes: object) -> Settings:
    given = {
        "home": tmp_path / "home",
        "secrets": tmp_path / "secrets",
        "listen": "node",
        "tls": True,
        "postgres_dsn": SecretStr("postgresql://me@db.example.org/mine"),
        "s3": S3Settings(bucket="mine"),
    }
    return Settings.model_validate(given | changes)


def test_every_replica_listens_on_its_own_node_with_the_certificate_found_there(tmp_path: Path) -> None:
    draw(tmp_path / "secrets", ["localhost"])
    serving = cluster_plan(settings(tmp_path)).serving
    assert (serving.host, serving.tls_cert) == ("node", tmp_path / "secrets" / "ingress.crt")
    assert serving.secret_file == tmp_path / "secrets" / "service.secret"


def test_a_cluster_without_database_and_bucket_of_its_own_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="no postgres_dsn and no s3"):
        cluster_plan(settings(tmp_path, postgres_dsn=None, s3=None))


def test_missing_secrets_are_named(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match=r"service\.secret.*ingress\.crt"):
        cluster_plan(settings(tmp_path))
