"""The erasure certificate: what was erased, when, what stays and why, and the proof that the log says so.

A certificate is one JSON file. It names a person only by the opaque id that the erasure has made meaningless; every
other text in it is a word of a vocabulary, a time or base64, so it can be kept and shown for ever.

    body        what the controller states
    evidence    the log entries it rests on, each with its audit path
    checkpoint  the signed tree head that the paths lead to
    key         the public key, to compare with the one published by the controller
    signature   Ed25519 over all of the above
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Final, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    SerializerFunctionWrapHandler,
    model_serializer,
)

from governance.audit.keys import SigningKey, VerifyingKey
from governance.audit.leaf import LeafEvent, canonical_json, check_word, format_time, parse_time
from governance.model import By

FORMAT: Final = "pixreunion.erasure-certificate/1"
_SIGNED_CONTEXT = b"pixreunion erasure certificate 1\x00"


class Scope(StrEnum):
    """What was asked to be erased."""

    ACCOUNT = "account"
    ARTIFACT = "artifact"


class ErasureStep(StrEnum):
    """The steps of an erasure in their order; each is one entry of the log, whose event has the same value."""

    OPENED = LeafEvent.REQUEST_OPENED.value
    FENCED = LeafEvent.ERASURE_FENCED.value
    KEYS_DESTROYED = LeafEvent.KEY_DESTROYED.value
    HOLDERS_CLEARED = LeafEvent.ERASURE_HOLDERS_CLEARED.value
    BYTES_REMOVED = LeafEvent.ERASURE_BYTES_REMOVED.value
    ROWS_SCRUBBED = LeafEvent.ERASURE_ROWS_SCRUBBED.value
    PROCESSORS_TOLD = LeafEvent.ERASURE_PROCESSORS_TOLD.value
    SCANNED = LeafEvent.ERASURE_SCANNED.value
    COMPLETED = LeafEvent.ERASURE_COMPLETED.value


class ProcessorAnswer(StrEnum):
    """What a third party answered when it was told to erase."""

    ERASED = "erased"
    NOTHING_HELD = "nothing-held"
    RETAINED_BY_LAW = "retained-by-law"
    PENDING = "pending"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"


class OutOfScope(StrEnum):
    """What an erasure does not reach, said plainly."""

    SEALED_BYTES_IN_BACKUPS = "sealed-bytes-in-backups"
    """Backups and database logs may hold ciphertext until the date given; its keys are destroyed."""
    FREED_DISK_BLOCKS = "freed-disk-blocks"
    """Blocks that the file system has freed may hold ciphertext until they are written again."""
    DELIVERED_TO_THE_PERSON = "delivered-to-the-person"
    """Copies that the person downloaded."""
    ANONYMOUS_STATISTICS = "anonymous-statistics"
    """Aggregates that name nobody."""
    DISCLOSED_BY_LAW = "disclosed-by-law"
    """Copies handed over on a legal demand, recorded as disclosures."""
    RESIDUE_SCAN = "residue-scan"
    """Whether bytes are left anywhere was not searched: see `docs/decisions/0007-scan-by-those-who-know.md`."""


def _read_time(value: object) -> object:
    if isinstance(value, datetime):
        return value.replace(microsecond=value.microsecond // 1000 * 1000)
    return parse_time(value) if isinstance(value, str) else value


def _read_word(value: object) -> object:
    check_word("a word of the certificate", value)
    return value


def _read_words_counted(value: object) -> object:
    # Checked before the fields are, so that no error message repeats a name that is no word.
    for name in value if isinstance(value, Mapping) else ():
        check_word("what is counted", name)
    return value


Time = Annotated[datetime, BeforeValidator(_read_time), PlainSerializer(format_time)]
Word = Annotated[str, BeforeValidator(_read_word)]
Count = Annotated[int, Field(ge=0, lt=1 << 53)]
Counts = Annotated[dict[str, Count], BeforeValidator(_read_words_counted)]
OpaqueId = Annotated[str, Field(pattern=r"^(sub|art|req)_[0-9a-f]{32}$")]
Base64 = Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]*={0,2}$")]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Held(_Part):
    """Records that stay, by law, until a date."""

    kind: Word
    count: Count
    basis: Word
    until: Time


class Unreached(_Part):
    """Something the erasure does not reach, and until when it can exist, where that is known."""

    what: OutOfScope
    until: Time | None = None


class ProcessorNotice(_Part):
    """One third party that was told."""

    processor: Word
    told_at: Time
    answered_at: Time | None = None
    answer: ProcessorAnswer


class ResidueResult(_Part):
    """What the independent scan covered (bytes by place), could not read (by place), and found."""

    scanned: Counts
    unreadable: Counts = {}
    canaries: Count
    findings: Count

    def counts(self) -> dict[str, int]:
        """The counts that the log entry of the scan must carry."""
        return {
            "bytes": sum(self.scanned.values()),
            "unreadable": sum(self.unreadable.values()),
            "canaries": self.canaries,
            "findings": self.findings,
        }


class ErasureFacts(_Part):
    """What the controller knows at the end of an erasure, apart from the times, which come from the log."""

    subject: OpaqueId
    request: OpaqueId
    scope: Scope
    by: By
    target: OpaqueId | None = None
    erased: Counts
    held: tuple[Held, ...] = ()
    out_of_scope: tuple[Unreached, ...] = ()
    processors: tuple[ProcessorNotice, ...] = ()
    residue: ResidueResult | None = None


class Body(ErasureFacts):
    """The statement: the facts, the time of each step, and when it was issued."""

    steps: dict[ErasureStep, Time]
    issued_at: Time

    @model_serializer(mode="wrap")
    def _without_a_scan(self, plain: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without a scan there is no field for its result, unless the file that was read has one."""
        written: dict[str, Any] = plain(self)
        if self.residue is None and "residue" not in self.model_fields_set:
            del written["residue"]
        return written


class Evidence(_Part):
    """One log entry: its place in the log, its content, and its audit path (base64 hashes, leaf upwards)."""

    index: Count
    leaf: dict[str, Any]
    path: tuple[Base64, ...]


class PublicKey(_Part):
    """The key that signed both the certificate and the checkpoint."""

    id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    algorithm: Literal["Ed25519"] = "Ed25519"
    public: Base64

    @classmethod
    def of(cls, key: VerifyingKey) -> PublicKey:
        """The description of this key."""
        return cls(id=key.key_id, public=base64.b64encode(key.raw).decode())


class Certificate(_Part):
    """A whole certificate as in its file."""

    format: Literal["pixreunion.erasure-certificate/1"] = FORMAT
    body: Body
    evidence: tuple[Evidence, ...]
    checkpoint: str
    key: PublicKey
    signature: Base64 = ""

    def signed_bytes(self) -> bytes:
        """What the signature covers: everything but itself."""
        return _SIGNED_CONTEXT + canonical_json(self.model_dump(mode="json", exclude={"signature"}))

    def to_bytes(self) -> bytes:
        """The file: indented JSON that people can read."""
        return self.model_dump_json(indent=2).encode() + b"\n"


def sign_certificate(unsigned: Certificate, key: SigningKey) -> Certificate:
    """The certificate with its signature."""
    assert unsigned.key.id == key.verifying.key_id, "a certificate names the key that signs it"
    signature = base64.b64encode(key.sign(unsigned.signed_bytes())).decode()
    return unsigned.model_copy(update={"signature": signature})


def completion_counts(erased: Mapping[str, int], held: tuple[Held, ...]) -> dict[str, int]:
    """The counts that the log entry ERASURE_COMPLETED must carry, so that a certificate cannot say otherwise."""
    counts = {f"erased.{kind}": count for kind, count in erased.items()}
    for one in held:
        name = f"held.{one.kind}"
        counts[name] = counts.get(name, 0) + one.count
    return counts
