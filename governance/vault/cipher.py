"""AES-256-GCM in chunks, so that large blobs stream and truncated, reordered or swapped ones are refused.

    header  "PRX1" + 7 random bytes
    chunk   up to 1 MiB of plaintext, sealed under nonce = 7 random bytes ‖ counter (4 bytes) ‖ last (1 byte)

Every chunk is bound to what the blob is by `aad`; the counter refuses another order, the last-byte an early end. One
key seals one blob only, so nonces never meet.
"""

import os
from collections.abc import Iterable, Iterator
from struct import pack

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from governance.errors import Tampered
from governance.model import Artifact

Bytes = bytes | bytearray | memoryview
MAGIC = b"PRX1"
CHUNK_BYTES = 1 << 20
TAG_BYTES = 16
KEY_BYTES = 32
_PREFIX_BYTES = 7
HEADER_BYTES = len(MAGIC) + _PREFIX_BYTES
SEALED_CHUNK_BYTES = CHUNK_BYTES + TAG_BYTES


def new_key() -> bytearray:
    return bytearray(os.urandom(KEY_BYTES))


def zero(buffer: bytearray | memoryview) -> None:
    """Overwrite what a buffer holds."""
    buffer[:] = bytes(len(buffer))


def binding(artifact: Artifact) -> bytes:
    """What a blob is bound to: its id, kind and place."""
    return f"{artifact.id}|{artifact.kind}|{artifact.location}".encode()


def _nonce(prefix: bytes, counter: int, last: bool) -> bytes:
    return prefix + pack(">IB", counter, last)


class Sealer:
    """Seals one blob piece by piece: `update` any number of times, then `finish` once."""

    def __init__(self, key: Bytes, aad: bytes) -> None:
        self._cipher = AESGCM(key)
        self._aad = aad
        self._prefix = os.urandom(_PREFIX_BYTES)
        self._counter = 0
        self._pending = bytearray()
        self.header = MAGIC + self._prefix

    def update(self, plain: Bytes) -> bytes:
        """Ciphertext that is ready; the last chunk always waits for `finish`."""
        self._pending += memoryview(plain)
        sealed = bytearray()
        while len(self._pending) > CHUNK_BYTES:
            chunk = self._pending[:CHUNK_BYTES]
            sealed += self._seal(chunk, last=False)
            zero(chunk)
            del self._pending[:CHUNK_BYTES]
        return bytes(sealed)

    def finish(self) -> bytes:
        sealed = self._seal(self._pending, last=True)
        zero(self._pending)
        return sealed

    def _seal(self, chunk: bytearray, last: bool) -> bytes:
        nonce = _nonce(self._prefix, self._counter, last)
        self._counter += 1
        return self._cipher.encrypt(nonce, chunk, self._aad)


def seal_bytes(key: Bytes, aad: bytes, plain: Bytes) -> bytes:
    """Seal a whole blob."""
    sealer = Sealer(key, aad)
    return sealer.header + sealer.update(plain) + sealer.finish()


class Opener:
    """Opens one blob piece by piece: `update` any number of times, then `finish` once. Each chunk is authenticated
    before it is given, the whole only by `finish`. Both raise `Tampered`."""

    def __init__(self, key: Bytes, aad: bytes) -> None:
        self._cipher = AESGCM(key)
        self._aad = aad
        self._pending = bytearray()
        self._prefix = b""
        self._counter = 0

    def update(self, sealed: bytes) -> Iterator[bytes]:
        """The plaintext chunks that are ready; the last one always waits for `finish`."""
        self._pending += sealed
        if not self._prefix:
            if len(self._pending) < HEADER_BYTES:
                return
            self._prefix = _read_header(self._pending)
        while len(self._pending) > SEALED_CHUNK_BYTES:
            chunk = bytes(self._pending[:SEALED_CHUNK_BYTES])
            del self._pending[:SEALED_CHUNK_BYTES]
            yield self._open(chunk, last=False)

    def finish(self) -> bytes:
        if not self._prefix:
            raise Tampered("the stored blob is shorter than its header")
        return self._open(bytes(self._pending), last=True)

    def _open(self, chunk: bytes, last: bool) -> bytes:
        nonce = _nonce(self._prefix, self._counter, last)
        self._counter += 1
        try:
            return self._cipher.decrypt(nonce, chunk, self._aad)
        except InvalidTag:
            raise Tampered() from None


def open_chunks(key: Bytes, aad: bytes, sealed: Iterable[bytes]) -> Iterator[bytes]:
    """Open a blob that arrives in pieces of any size. Raises `Tampered`, at the latest when the iterator ends."""
    opener = Opener(key, aad)
    for piece in sealed:
        yield from opener.update(piece)
    yield opener.finish()


def open_bytes(key: Bytes, aad: bytes, sealed: bytes) -> bytearray:
    """Open a whole blob into a buffer that the caller zeroes. Raises `Tampered`."""
    plain = bytearray()
    try:
        for chunk in open_chunks(key, aad, [sealed]):
            plain += chunk
    except Tampered:
        zero(plain)
        raise
    return plain


def _read_header(pending: bytearray) -> bytes:
    if bytes(pending[: len(MAGIC)]) != MAGIC:
        raise Tampered("the stored blob does not begin like one of ours")
    prefix = bytes(pending[len(MAGIC) : HEADER_BYTES])
    del pending[:HEADER_BYTES]
    return prefix
