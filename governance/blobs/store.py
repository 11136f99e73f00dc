"""What governance needs of an object store; `s3.py` is the real one, `memory.py` a fake that behaves alike."""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

PART_BYTES = 8 << 20
"""Blobs beyond this go up in parts (S3 wants at least 5 MiB each)."""


class BlobStore(Protocol):
    """A versioned bucket: a delete without a version only adds a marker, so erasure removes each version by id.

    Every call may raise `Unavailable`."""

    async def prepare(self) -> None:
        """Make the bucket if there is none, with versions on."""

    async def put(self, key: str, data: bytes) -> str:
        """Gives the version id."""

    async def put_parts(self, key: str, parts: AsyncIterator[bytes]) -> str:
        """A large blob in pieces of any size; gives the version id. On failure nothing of it stays."""

    async def get(self, key: str, version_id: str) -> bytes:
        """Raises `Gone` when that version is no longer there."""

    async def latest(self, key: str) -> bytes:
        """The newest version. Raises `Gone` when there is none."""

    def get_parts(self, key: str, version_id: str) -> AsyncIterator[bytes]:
        """The same in pieces."""

    async def erase(self, keys: Sequence[str]) -> int:
        """Every version, delete marker and unfinished upload of these keys; gives how many were removed.
        Repeating it is harmless."""

    async def left(self, keys: Sequence[str]) -> Sequence[str]:
        """Those of these keys of which anything is still there."""

    async def keys(self, prefix: str = "") -> Sequence[str]:
        """Every key under a prefix with a version, marker or unfinished upload."""
