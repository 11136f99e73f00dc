from pathlib import Path

import pytest

from cluster.config import DEMO_BASE, environment, load, password_files
from cluster.errors import BadSettings


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("PIXREUNION_CONFIG", "PIXREUNION_HOME", "PIXREUNION_PORT_BASE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)


def test_without_anything_set_the_embedded_parts_and_the_demo_base_are_used() -> None:
    settings = load()
    assert settings.postgres_dsn is None
    assert settings.s3 is None
    assert settings.training.base.path == str(DEMO_BASE)


def test_the_environment_reaches_every_level(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIXREUNION_PORT_BASE", "9000")
    monkeypatch.setenv("PIXREUNION_LEASES__TTL_S", "5")
    monkeypatch.setenv("PIXREUNION_TRAINING__BASE__PATH", "runwayml/some-model")
    settings = load()
    assert settings.port_base == 9000
    assert settings.leases.ttl_s == 5
    assert settings.training.base.path == "runwayml/some-model"


def test_a_file_sets_what_the_environment_does_not(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "pixreunion.toml").write_text('port_base = 9100\nregion = "us"\n[serving.uploads]\nmax_photos = 5\n')
    monkeypatch.setenv("PIXREUNION_REGION", "eu")
    settings = load()
    assert (settings.port_base, settings.region, settings.serving.uploads.max_photos) == (9100, "eu", 5)


def test_a_named_file_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("port_base = 9200\n")
    monkeypatch.setenv("PIXREUNION_CONFIG", str(tmp_path / "mine.toml"))
    assert load().port_base == 9200


def test_a_wrong_value_is_named_and_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIXREUNION_PORT_BASE", "eighty")
    with pytest.raises(BadSettings) as refused:
        load()
    assert "port_base" in refused.value.what
    assert "eighty" not in str(refused.value)


def test_a_misspelt_setting_in_the_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pixreunion.toml").write_text("prot_base = 9100\n")
    with pytest.raises(BadSettings, match="prot_base"):
        load()


def test_servers_get_what_they_need_and_no_secrets_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "mine")
    monkeypatch.setenv("PIXREUNION_CLIENT__TOKEN", "mine")
    given = environment({"RAY_AUTH_MODE": "token"})
    assert given["RAY_AUTH_MODE"] == "token"
    assert "PATH" in given
    assert "mine" not in given.values()


def test_files_with_passwords_are_told_by_name_and_keys_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSFILE", "/etc/pixreunion/secrets/pgpass")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "mine")
    assert password_files()["PGPASSFILE"] == "/etc/pixreunion/secrets/pgpass"
    assert "mine" not in password_files().values()
