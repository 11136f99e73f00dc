"""Large blobs on their way in and out: sealed and opened piece by piece, one piece in memory at a time."""

from collections.abc import AsyncIterator, Callable
from hashlib import sha256
from time import monotonic

from governance.copies import Copy
from governance.errors import Gone, LeaseLost, Tampered
from governance.model import Artifact, Grant, Receipt
from governance.vault.cipher import Opener, Sealer, binding, zero

Ends = Callable[[], float]
"""When the lease ends (monotonic seconds), as far as is known now."""


class UpStream:
    """Plaintext comes in, sealed bytes go to the bucket; afterwards there is a receipt."""

    def __init__(self, key: bytearray, artifact: Artifact, ends: Ends) -> None:
        self._sealer = Sealer(key, binding(artifact))
        zero(key)
        self._ends = ends
        self._size = 0
        self._hash = sha256()

    async def pieces(self, parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Raises `LeaseLost` when the lease ends before the parts do."""
        yield self._counted(self._sealer.header)
        async for part in parts:
            if monotonic() >= self._ends():
                raise LeaseLost()
            self._size += len(part)
            if sealed := self._sealer.update(part):
                yield self._counted(sealed)
        yield self._counted(self._sealer.finish())

    def receipt(self, version_id: str) -> Receipt:
        return Receipt(self._size, self._hash.digest(), version_id)

    def _counted(self, sealed: bytes) -> bytes:
        self._hash.update(sealed)
        return sealed


class DownStream:
    """Sealed bytes come from the bucket, plaintext goes out through the one buffer of `copy`."""

    def __init__(self, key: bytearray, grant: Grant, copy: Copy, ends: Ends) -> None:
        self._opener = Opener(key, binding(grant.artifact))
        zero(key)
        self.copy, self.location, self.version_id = copy, grant.artifact.location, grant.version_id
        self._expected, self._ends = grant.sha256, ends
        self._hash = sha256()

    async def pieces(self, sealed: AsyncIterator[bytes]) -> AsyncIterator[memoryview]:
        """Raises `Gone` when it was dropped on command, `LeaseLost`, `Tampered`; also at the very end."""
        async for piece in sealed:
            self._hash.update(piece)
            for chunk in self._opener.update(piece):
                yield self._shown(chunk)
        if self._hash.digest() != self._expected:
            raise Tampered()
        yield self._shown(self._opener.finish())

    def _shown(self, chunk: bytes) -> memoryview:
        buffer = self.copy.buffer
        buffer[: len(chunk)] = chunk
        if monotonic() >= self._ends() or self.copy.dropped:
            zero(buffer)
            raise Gone() if self.copy.dropped and monotonic() < self._ends() else LeaseLost()
        return memoryview(buffer)[: len(chunk)]
