"""A bucket in memory that behaves like the real one, for tests and tools."""

from collections.abc import AsyncIterator, Sequence

import uuid_utils

from governance.errors import Gone


class MemoryBlobStore:
    """A `BlobStore` that forgets everything with its process."""

    def __init__(self) -> None:
        self._versions: dict[str, dict[str, bytes]] = {}
        self._unfinished: dict[str, bytes] = {}

    async def prepare(self) -> None:
        """Nothing to do."""

    async def put(self, key: str, data: bytes) -> str:
        version = uuid_utils.uuid7().hex
        self._versions.setdefault(key, {})[version] = bytes(data)
        return version

    async def put_parts(self, key: str, parts: AsyncIterator[bytes]) -> str:
        try:
            async for part in parts:
                self._unfinished[key] = self._unfinished.get(key, b"") + part
            return await self.put(key, self._unfinished.get(key, b""))
        finally:
            self._unfinished.pop(key, None)

    async def get(self, key: str, version_id: str) -> bytes:
        try:
            return self._versions[key][version_id]
        except KeyError:
            raise Gone() from None

    async def latest(self, key: str) -> bytes:
        versions = self._versions.get(key)
        if not versions:
            raise Gone()
        return versions[max(versions)]

    async def get_parts(self, key: str, version_id: str) -> AsyncIterator[bytes]:
        data = await self.get(key, version_id)
        for start in range(0, len(data), 1 << 20):
            yield data[start : start + (1 << 20)]

    async def erase(self, keys: Sequence[str]) -> int:
        removed = 0
        for key in keys:
            removed += len(self._versions.pop(key, {})) + (self._unfinished.pop(key, None) is not None)
        return removed

    async def left(self, keys: Sequence[str]) -> Sequence[str]:
        return [key for key in keys if self._versions.get(key) or key in self._unfinished]

    async def keys(self, prefix: str = "") -> Sequence[str]:
        return sorted(key for key in {*self._versions, *self._unfinished} if key.startswith(prefix))
