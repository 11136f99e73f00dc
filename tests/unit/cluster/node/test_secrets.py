from collections.abc import Iterator
from pathlib import Path

import pytest
from moto import mock_aws

from cluster.errors import BadSettings
from cluster.node.secrets import DRAWN, draw, fetch, store

REGION = "eu-north-1"


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield


def test_secrets_are_drawn_once_and_closed(tmp_path: Path) -> None:
    made = draw(tmp_path / "secrets", ["api.example.org"])
    assert set(DRAWN) | {"ingress.crt", "ingress.key"} == {path.name for path in made}
    open_to_others = {path.name for path in made if path.stat().st_mode & 0o077}
    assert open_to_others <= {"ca.crt", "ingress.crt"}
    assert draw(tmp_path / "secrets", ["api.example.org"]) == []


def test_nodes_fetch_what_their_owner_stored(tmp_path: Path, cloud: None) -> None:
    draw(tmp_path / "mine", [])
    (tmp_path / "mine" / "pgpass").write_text("secret")
    names = store(tmp_path / "mine", REGION, "pixreunion")
    assert store(tmp_path / "mine", REGION, "pixreunion") == names
    assert fetch(tmp_path / "node", REGION, "pixreunion") == names
    for name in names:
        assert (tmp_path / "node" / name).read_bytes() == (tmp_path / "mine" / name).read_bytes()
        assert (tmp_path / "node" / name).stat().st_mode & 0o777 == 0o600


def test_a_secret_that_nobody_stored_is_named(tmp_path: Path, cloud: None) -> None:
    with pytest.raises(BadSettings, match="pixreunion/ray-token"):
        fetch(tmp_path, REGION, "pixreunion")
