"""The local key file."""

import asyncio
import sys
from pathlib import Path

import pytest

from governance.errors import KeyUnavailable
from governance.vault.keyfile import KeyFile
from tests.support.waiting import eventually


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


WRITER = """
import asyncio, sys
from pathlib import Path
from governance.vault.keyfile import KeyFile
from tests.support.waiting import eventually

async def write(keys, first):
    for epoch in range(first, first + 40):
        await keys.create(epoch)
        assert await keys.unseal(epoch, await keys.seal(epoch, b"secret")) == b"secret"
        if epoch % 2:
            await keys.destroy(epoch)

path = Path(sys.argv[1])
path.with_name(sys.argv[2]).touch()
while not path.with_name("go").exists():
    pass
asyncio.run(write(KeyFile(path), int(sys.argv[2])))
"""


async def test_processes_that_write_at_once_lose_none_of_each_others_keys(tmp_path: Path) -> None:
    path, firsts = tmp_path / "keys", (100, 200, 300)
    writers = [await asyncio.create_subprocess_exec(sys.executable, "-c", WRITER, path, str(first)) for first in firsts]

    async def ready() -> bool:
        return all(path.with_name(str(first)).exists() for first in firsts)

    await eventually(ready)
    path.with_name("go").touch()
    assert [await one.wait() for one in writers] == [0, 0, 0]
    keys = KeyFile(path)
    for first in firsts:
        for epoch in range(first, first + 40, 2):
            await keys.seal(epoch, b"secret")
            with pytest.raises(KeyUnavailable):
                await keys.seal(epoch + 1, b"secret")


async def test_what_a_crash_left_beside_it_is_overwritten_too(tmp_path: Path) -> None:
    path, other_name = tmp_path / "keys", tmp_path / "still-the-half-written-file"
    beside = path.with_suffix(".new")
    beside.write_text('{"1": "a key"}')
    other_name.hardlink_to(beside)
    await KeyFile(path).create(2)
    assert not any(other_name.read_bytes())
