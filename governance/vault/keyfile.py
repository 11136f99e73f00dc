"""Epoch root keys in one local file that only its owner can read."""

import asyncio
import json
import os
import stat
from base64 import b64decode, b64encode
from pathlib import Path

from governance.errors import KeyUnavailable
from governance.vault.cipher import new_key
from governance.vault.wrap import seal, unseal


class KeyFile:
    """A `KeyProvider` on a laptop or a single machine. The file is JSON, mode 0600; a looser one is refused."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = asyncio.Lock()

    async def create(self, epoch: int) -> None:
        async with self._lock:
            keys = self._read()
            if str(epoch) not in keys:
                self._write({**keys, str(epoch): b64encode(new_key()).decode()})

    async def seal(self, epoch: int, plain: bytes) -> bytes:
        return seal(self._key(epoch), plain, _name(epoch))

    async def unseal(self, epoch: int, sealed: bytes) -> bytearray:
        return unseal(self._key(epoch), sealed, _name(epoch))

    async def destroy(self, epoch: int) -> None:
        async with self._lock:
            keys = self._read()
            if keys.pop(str(epoch), None) is not None:
                self._write(keys)

    def _key(self, epoch: int) -> bytes:
        try:
            return b64decode(self._read()[str(epoch)])
        except KeyError:
            raise KeyUnavailable(f"the root key of epoch {epoch} is destroyed or was never in {self._path}") from None

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
        old = os.open(self._path, os.O_RDWR | os.O_NOFOLLOW) if self._path.exists() else None
        beside = self._path.with_suffix(".new")
        beside.unlink(missing_ok=True)
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
