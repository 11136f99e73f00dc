from pathlib import Path

import pytest

from cluster.errors import BadSettings
from cluster.node.config import GcsStore, NodeSettings
from cluster.node.environment import head_environment, joined_environment, node_environment


def settings(tmp_path: Path, **changes: object) -> NodeSettings:
    given = {"secrets": tmp_path / "secrets", "run": tmp_path / "run", "state": tmp_path / "state", **changes}
    return NodeSettings.model_validate(given)


def test_who_joins_needs_the_token_and_a_certificate(tmp_path: Path) -> None:
    made = node_environment(settings(tmp_path), {})
    assert (made["RAY_AUTH_MODE"], made["RAY_USE_TLS"]) == ("token", "1")
    assert made["RAY_AUTH_TOKEN_PATH"] == str(tmp_path / "secrets" / "ray-token")


def test_secrets_are_named_by_file_only_when_the_file_is_there(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "pgpass").write_text("a:b:c:d:hidden")
    made = node_environment(settings(tmp_path), {})
    assert made["PGPASSFILE"] == str(tmp_path / "secrets" / "pgpass")
    assert "AWS_CA_BUNDLE" not in made
    assert "hidden" not in "".join(made.values())


def test_what_the_launcher_says_is_kept_and_cloud_keys_of_the_caller_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "mine")
    made = node_environment(settings(tmp_path), {"RAY_OVERRIDE_LABELS": "{}"})
    assert made["RAY_OVERRIDE_LABELS"] == "{}"
    assert "AWS_SECRET_ACCESS_KEY" not in made


def test_without_tls_no_certificate_is_named(tmp_path: Path) -> None:
    assert "RAY_USE_TLS" not in node_environment(settings(tmp_path, tls=False), {})


def test_the_head_keeps_what_it_knows_where_it_is_told(tmp_path: Path) -> None:
    assert head_environment(settings(tmp_path))["RAY_gcs_storage"] == "rocksdb"
    redis = head_environment(settings(tmp_path, gcs=GcsStore.REDIS, redis="redis.example.org:6379"))
    assert redis["RAY_REDIS_ADDRESS"] == "redis.example.org:6379"
    assert head_environment(settings(tmp_path, gcs=GcsStore.MEMORY)) == {}


def test_an_operators_command_finds_the_cluster_that_this_node_belongs_to(tmp_path: Path) -> None:
    known = settings(tmp_path)
    with pytest.raises(BadSettings, match="No Ray runs here"):
        joined_environment(known)
    known.ray.mkdir(parents=True)
    (known.ray / "ray_current_cluster").write_text("10.77.0.10:6379")
    made = joined_environment(known)
    assert made["RAY_ADDRESS"] == "10.77.0.10:6379"
    assert made["RAY_AUTH_MODE"] == "token"
