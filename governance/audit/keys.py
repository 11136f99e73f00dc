"""The Ed25519 key that signs checkpoints and certificates, and how its public half is named.

The key id is the first 16 bytes of SHA-256 over the raw public key, in hexadecimal: short enough to print beside a
trusted address, and checked against the full key at every verification.
"""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from governance.audit.errors import AuditError

PUBLIC_KEY_BYTES = 32
SIGNATURE_BYTES = 64
SEED_BYTES = 32
KEY_ID_DIGITS = 32


class KeyFileRefused(AuditError):
    """The signing key's file must be a regular file of 32 bytes that only its owner can read (mode 0600)."""


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    """A 32-byte Ed25519 public key."""

    raw: bytes

    def __post_init__(self) -> None:
        if len(self.raw) != PUBLIC_KEY_BYTES:
            raise ValueError(f"an Ed25519 public key has {PUBLIC_KEY_BYTES} bytes, not {len(self.raw)}")

    @property
    def key_id(self) -> str:
        """32 hexadecimal digits that name the key."""
        return sha256(self.raw).hexdigest()[:KEY_ID_DIGITS]

    def accepts(self, signature: bytes, message: bytes) -> bool:
        """Whether this key signed exactly this message."""
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


class SigningKey:
    """An Ed25519 private key; never printed, never pickled."""

    def __init__(self, seed: bytes) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self.verifying = VerifyingKey(self._private.public_key().public_bytes_raw())

    @classmethod
    def generate(cls) -> SigningKey:
        """A fresh random key."""
        return cls(os.urandom(SEED_BYTES))

    @classmethod
    def load_or_create(cls, path: Path) -> SigningKey:
        """The key in this file; a new one is written (mode 0600, never overwriting) when there is none.

        Raises:
            KeyFileRefused: the file is no regular file of 32 bytes, or others may read it.
        """
        if not path.exists():
            _write_once(path, os.urandom(SEED_BYTES))
        return cls.load(path)

    @classmethod
    def load(cls, path: Path) -> SigningKey:
        """The key in this file.

        Raises:
            KeyFileRefused: as for `load_or_create`.
        """
        status = path.lstat()
        if not stat.S_ISREG(status.st_mode) or stat.S_IMODE(status.st_mode) & 0o077 or status.st_size != SEED_BYTES:
            raise KeyFileRefused(f"{path}: {KeyFileRefused.__doc__}")
        return cls(path.read_bytes())

    def sign(self, message: bytes) -> bytes:
        """The 64-byte signature over this message."""
        return self._private.sign(message)

    def __repr__(self) -> str:
        return f"SigningKey({self.verifying.key_id})"

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a signing key does not travel between processes")


def _write_once(path: Path, seed: bytes) -> None:
    # Written beside and linked into place: a crash leaves no half a key, and of two writers one wins.
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.") as file:
        file.write(seed)
        file.flush()
        os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(file.name, path)
