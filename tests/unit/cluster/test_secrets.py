from pathlib import Path

import pytest

from cluster.errors import DiskUnusable
from cluster.secrets import Secrets, write_private


def test_secrets_are_drawn_once(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    first = Secrets.load_or_draw(path)
    assert Secrets.load_or_draw(path) == first
    assert path.stat().st_mode & 0o777 == 0o600


def test_no_two_secrets_are_alike() -> None:
    values = [*Secrets().model_dump().values(), *Secrets().model_dump().values()]
    assert len(set(values)) == len(values)
    assert all(len(value) >= 20 for value in values)


def test_secrets_do_not_show_themselves() -> None:
    secrets = Secrets()
    assert secrets.postgres_password not in repr(secrets)


def test_a_damaged_file_is_kept_and_explained(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    path.write_text("{")
    with pytest.raises(DiskUnusable, match="damaged"):
        Secrets.load_or_draw(path)
    assert path.read_text() == "{"


def test_a_private_file_replaces_a_looser_one(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.touch(mode=0o644)
    write_private(path, "text")
    assert path.read_text() == "text"
    assert path.stat().st_mode & 0o777 == 0o600
