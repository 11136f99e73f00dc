"""A signed tree head, written as a note: text lines, a blank line, one signature line.

    pixreunion/audit
    1042
    <root hash, base64>
    time 2026-01-31T12:00:00.000Z

    — pixreunion/audit <base64 of 4 key-hash bytes and the 64-byte signature>

The signature covers the text with its last newline; the key hash ties it to origin, algorithm and public key, as in
the signed notes of Go's checksum database and the C2SP checkpoint format.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from governance.audit.errors import BadCheckpoint, LeafRefused
from governance.audit.keys import SIGNATURE_BYTES, SigningKey, VerifyingKey
from governance.audit.leaf import format_time, parse_time
from governance.audit.merkle import HASH_BYTES

ORIGIN = "pixreunion/audit"
_ED25519 = b"\x01"
_SIZE = re.compile(r"0|[1-9][0-9]{0,15}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The tree's size (leaves), 32-byte root and the time it was signed, under the log's name."""

    size: int
    root: bytes
    at: datetime
    origin: str = ORIGIN

    def text(self) -> str:
        """The signed part."""
        root = base64.b64encode(self.root).decode()
        return f"{self.origin}\n{self.size}\n{root}\ntime {format_time(self.at)}\n"


def key_hash(origin: str, key: VerifyingKey) -> bytes:
    """The 4 bytes that name a note's key."""
    return sha256(origin.encode() + b"\n" + _ED25519 + key.raw).digest()[:4]


def sign_checkpoint(checkpoint: Checkpoint, key: SigningKey) -> str:
    """The checkpoint as a signed note."""
    text = checkpoint.text()
    signature = key_hash(checkpoint.origin, key.verifying) + key.sign(text.encode())
    return f"{text}\n— {checkpoint.origin} {base64.b64encode(signature).decode()}\n"


def open_checkpoint(note: str, key: VerifyingKey, origin: str = ORIGIN) -> Checkpoint:
    """Check a signed note and read the tree head in it.

    Raises:
        BadCheckpoint: it is malformed, of another log, or not signed by this key.
    """
    text, separator, signatures = note.partition("\n\n")
    text += "\n"
    if not separator:
        raise BadCheckpoint("the checkpoint has no signature")
    signature = _signature_of(signatures, origin)
    if signature[:4] != key_hash(origin, key) or not key.accepts(signature[4:], text.encode()):
        raise BadCheckpoint("the checkpoint was changed, or signed by another key")
    return _parse(text, origin)


def _signature_of(lines: str, origin: str) -> bytes:
    prefix = f"— {origin} "
    if not lines.startswith(prefix) or not lines.endswith("\n") or lines.count("\n") != 1:
        raise BadCheckpoint("the checkpoint's signature line is malformed")
    raw = _decode(lines[len(prefix) : -1])
    if len(raw) != 4 + SIGNATURE_BYTES:
        raise BadCheckpoint("the checkpoint's signature has the wrong length")
    return raw


def _parse(text: str, origin: str) -> Checkpoint:
    lines = text.split("\n")
    if len(lines) != 5 or lines[0] != origin or not _SIZE.fullmatch(lines[1]) or not lines[3].startswith("time "):
        raise BadCheckpoint("the checkpoint's text is malformed")
    root = _decode(lines[2])
    if len(root) != HASH_BYTES:
        raise BadCheckpoint("the checkpoint's root hash has the wrong length")
    try:
        at = parse_time(lines[3].removeprefix("time "))
    except LeafRefused as error:
        raise BadCheckpoint("the checkpoint's time is malformed") from error
    return Checkpoint(int(lines[1]), root, at, origin)


def _decode(text: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadCheckpoint("the checkpoint holds malformed base64") from error
    if base64.b64encode(raw).decode() != text:
        raise BadCheckpoint("the checkpoint holds base64 in an unusual form")
    return raw
