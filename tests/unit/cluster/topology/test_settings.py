import tomllib
from pathlib import Path

import pytest

from cluster.config import Settings
from cluster.node.config import NodeSettings
from cluster.topology.model import Site
from cluster.topology.settings import aws_settings, node_file, onprem_settings, toml
from governance.config import KeyProviderKind
from tests.architecture.sources import ROOT

SITE = Site.read(ROOT / "deploy" / "site.toml")


def loaded(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    (tmp_path / "settings.toml").write_text(text)
    monkeypatch.setenv("PIXREUNION_CONFIG", str(tmp_path / "settings.toml"))
    return Settings()


def test_the_service_takes_the_settings_of_both_sites(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = loaded(aws_settings(SITE), tmp_path, monkeypatch)
    own = loaded(onprem_settings(SITE), tmp_path, monkeypatch)
    assert cloud.vault is not None
    assert own.vault is not None
    assert (cloud.vault.provider, own.vault.provider) == (KeyProviderKind.KMS, KeyProviderKind.FILE)
    assert own.s3 is not None
    assert own.s3.endpoint == SITE.on_premises.s3_endpoint


def test_the_database_must_prove_who_it_is_and_no_password_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for text in (aws_settings(SITE), onprem_settings(SITE)):
        settings = loaded(text, tmp_path, monkeypatch)
        assert settings.postgres_dsn is not None
        dsn = settings.postgres_dsn.get_secret_value()
        assert "sslmode=verify-full" in dsn
        assert ":" not in dsn.split("//")[1].split("@")[0]
        assert settings.tls


def test_training_waits_for_its_region_and_its_pool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pool = loaded(aws_settings(SITE), tmp_path, monkeypatch).training.pool
    assert (pool.region_label, pool.regions) == ("pixreunion.io/region", ("eu",))
    assert pool.label_selector == {"pixreunion.io/pool": "shared"}


def test_a_node_takes_its_file() -> None:
    assert NodeSettings.model_validate(tomllib.loads(node_file(SITE))).tls


def test_toml_says_what_it_was_given() -> None:
    table = {"a": 1, "b": {"c": [1, "x"], "d/e": {"f": True}}, "g": "h"}
    assert tomllib.loads(toml(table)) == table
