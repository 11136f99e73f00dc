"""Epoch root keys in one local file that only its owner can read."""

import asyncio
import fcntl
import json
import os
import stat
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from governance.errors import KeyUnavailable
from governance.vault.cipher import new_key
from governance.vault.wrap import seal, unseal


class KeyFile:
    """A `KeyProvider` on a laptop or a single machine. The file is JSON, mode 0600; a looser one is refused.

    Whoever reads or writes it, in whichever process, first locks the file beside it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._locks = path.with_suffix(".lock")

    async def create(self, epoch: int) -> None:
        await asyncio.to_thread(self._create, str(epoch))

    async def seal(self, epoch: int, plain: bytes) -> bytes:
        return seal(await self._key(epoch), plain, _name(epoch))

    async def unseal(self, epoch: int, sealed: bytes) -> bytearray:
        return unseal(await self._key(epoch), sealed, _name(epoch))

    async def destroy(self, epoch: int) -> None:
        await asyncio.to_thread(self._destroy, str(epoch))

    async def _key(self, epoch: int) -> bytes:
        keys = await asyncio.to_thread(self._look)
        try:
            return b64decode(keys[str(epoch)])
        except KeyError:
            raise KeyUnavailable(f"the root key of epoch {epoch} is destroyed or was never in {self._path}") from None

    def _look(self) -> dict[str, str]:
        with self._locked(fcntl.LOCK_SH):
            return self._read()

    def _create(self, epoch: str) -> None:
        with self._locked(fcntl.LOCK_EX):
            keys = self._read()
            if epoch not in keys:
                self._write({**keys, epoch: b64encode(new_key()).decode()})

    def _destroy(self, epoch: str) -> None:
        with self._locked(fcntl.LOCK_EX):
            keys = self._read()
            if keys.pop(epoch, None) is not None:
                self._write(keys)

    @contextmanager
    def _locked(self, how: int) -> Iterator[None]:
        """Until the block ends, or the process does. The lock's own file is empty and stays."""
        descriptor = os.open(self._locks, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(descriptor, how)
            yield
        finally:
            os.close(descriptor)

    def _read(self) -> dict[str, str]:
        try:
            status = self._path.lstat()
        except FileNotFoundError:
            return {}
        if not stat.S_ISREG(status.st_mode) or stat.S_IMODE(status.st_mode) & 0o077 or status.st_uid != os.geteuid():
            raise KeyUnavailable(f"{self._path} must be a file that only its owner can read: chmod 600 {self._path}")
        found: dict[str, str] = json.loads(self._path.read_text(encoding="ascii"))
        return found

    def _write(self, keys: dict[str, str]) -> None:
        """Write beside, make durable, swap; then overwrite the old bytes, which no name reaches any more."""
        beside = self._path.with_suffix(".new")
        _remove(beside)
        old = os.open(self._path, os.O_RDWR | os.O_NOFOLLOW) if self._path.exists() else None
        new = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        try:
            os.write(new, json.dumps(keys).encode("ascii"))
            os.fsync(new)
        finally:
            os.close(new)
        beside.rename(self._path)
        _sync_folder(self._path.parent)
        if old is not None:
            _overwrite(old)


def _remove(half_written: Path) -> None:
    """What a crash left."""
    try:
        _overwrite(os.open(half_written, os.O_RDWR | os.O_NOFOLLOW))
    except FileNotFoundError:
        return
    half_written.unlink()


def _overwrite(descriptor: int) -> None:
    try:
        os.pwrite(descriptor, bytes(os.fstat(descriptor).st_size), 0)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _name(epoch: int) -> bytes:
    return f"epoch {epoch}".encode()
