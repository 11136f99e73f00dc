"""The local key file."""

from pathlib import Path

import pytest

from governance.errors import KeyUnavailable
from governance.vault.keyfile import KeyFile


async def test_it_is_private_and_a_looser_one_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    keys = KeyFile(path)
    await keys.create(1)
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o640)
    with pytest.raises(KeyUnavailable, match="chmod 600"):
        await keys.seal(1, b"secret")


async def test_a_link_in_its_place_is_refused(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    await KeyFile(real).create(1)
    link.symlink_to(real)
    with pytest.raises(KeyUnavailable):
        await KeyFile(link).seal(1, b"secret")


async def test_destroying_overwrites_the_old_file_too(tmp_path: Path) -> None:
    path, other_name = tmp_path / "keys", tmp_path / "still-the-old-file"
    keys = KeyFile(path)
    await keys.create(1)
    await keys.create(2)
    other_name.hardlink_to(path)
    assert b'"1"' in other_name.read_bytes()
    await keys.destroy(1)
    assert not any(other_name.read_bytes())
    assert b'"1"' not in path.read_bytes()
    assert b'"2"' in path.read_bytes()
