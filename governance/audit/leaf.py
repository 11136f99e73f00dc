"""What may be written into the audit log: opaque ids, words of a fixed vocabulary, counts, digests and times.

Free text has no place to go: every field is either an enum, an id of random digits, a number or a time. That is what
keeps personal data out of a log that can never be erased.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from governance.audit.errors import LeafRefused
from governance.audit.merkle import hash_leaf

FORMAT_VERSION = 1

# A prefix by role and the digits of a UUID: nothing a person could be recognised by.
_PREFIXES = {
    "subject": "sub",
    "artifact": "art",
    "run": "run",
    "job": "job",
    "holder": "hol",
    "lease": "lea",
    "request": "req",
    "hold": "hld",
    "token": "tok",
}
_IDS = {role: re.compile(rf"{prefix}_[0-9a-f]{{32}}", re.ASCII) for role, prefix in _PREFIXES.items()}
_WORD = re.compile(r"[a-z][a-z0-9]*(?:[._-][a-z0-9]+){0,6}", re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
_WORD_LIMIT = 48
_EMPTY: Mapping[str, Any] = MappingProxyType({})
_COUNT_LIMIT = 1 << 53


class LeafEvent(StrEnum):
    """What happened. One member per kind of change of state."""

    SUBJECT_CREATED = "subject.created"
    SUBJECT_FROZEN = "subject.frozen"
    SUBJECT_LIFTED = "subject.lifted"
    SUBJECT_ERASING = "subject.erasing"
    SUBJECT_ERASED = "subject.erased"
    SUBJECT_RECTIFIED = "subject.rectified"
    ARTIFACT_REGISTERED = "artifact.registered"
    ARTIFACT_LIVE = "artifact.live"
    ARTIFACT_ERASING = "artifact.erasing"
    ARTIFACT_ERASED = "artifact.erased"
    RETENTION_SHORTENED = "retention.shortened"
    ARTIFACT_READ_GRANTED = "artifact.read_granted"
    ARTIFACT_READ_REFUSED = "artifact.read_refused"
    RUN_STARTED = "run.started"
    RUN_REFUSED = "run.refused"
    RUN_FINISHED = "run.finished"
    JOB_QUEUED = "job.queued"
    JOB_CLAIMED = "job.claimed"
    JOB_FINISHED = "job.finished"
    HOLDER_OPENED = "holder.opened"
    HOLDER_CLOSED = "holder.closed"
    HOLDER_EXPIRED = "holder.expired"
    LEASE_GRANTED = "lease.granted"
    LEASE_ENDED = "lease.ended"
    TOKEN_ISSUED = "token.issued"  # noqa: S105 (an event, not a secret)
    ROLE_GIVEN = "role.given"
    ACCESS_REFUSED = "access.refused"
    ACCOUNT_CONFIRMED = "account.confirmed"
    ACCOUNT_LOCKED = "account.locked"
    PASSWORD_CHANGED = "password.changed"  # noqa: S105 (an event, not a secret)
    TOKEN_REVOKED = "token.revoked"  # noqa: S105 (an event, not a secret)
    CONSENT_GIVEN = "consent.given"
    CONSENT_WITHDRAWN = "consent.withdrawn"
    OBJECTION_RECORDED = "objection.recorded"
    OBJECTION_WITHDRAWN = "objection.withdrawn"
    HOLD_PLACED = "hold.placed"
    HOLD_LIFTED = "hold.lifted"
    KEY_CREATED = "key.created"
    KEY_DESTROYED = "key.destroyed"
    EPOCH_ROTATED = "epoch.rotated"
    REQUEST_OPENED = "request.opened"
    REQUEST_ANSWERED = "request.answered"
    REQUEST_EXTENDED = "request.extended"
    REQUEST_WITHDRAWN = "request.withdrawn"
    REQUEST_DUE_SOON = "request.due_soon"
    REQUEST_OVERDUE = "request.overdue"
    TAKEDOWN_ORDERED = "takedown.ordered"
    BREACH_RECORDED = "breach.recorded"
    BREACH_NOTIFIED = "breach.notified"
    BREACH_PEOPLE_TOLD = "breach.people_told"
    BREACH_CLOSED = "breach.closed"
    BREACH_DUE_SOON = "breach.due_soon"
    BREACH_OVERDUE = "breach.overdue"
    ERASURE_FENCED = "erasure.fenced"
    ERASURE_HOLDERS_CLEARED = "erasure.holders_cleared"
    ERASURE_BYTES_REMOVED = "erasure.bytes_removed"
    ERASURE_ROWS_SCRUBBED = "erasure.rows_scrubbed"
    ERASURE_PROCESSORS_TOLD = "erasure.processors_told"
    ERASURE_SCANNED = "erasure.scanned"
    ERASURE_COMPLETED = "erasure.completed"
    PROCESSOR_SENT = "processor.sent"
    PROCESSOR_TOLD = "processor.told"
    PROCESSOR_ANSWERED = "processor.answered"
    DISCLOSURE_RECORDED = "disclosure.recorded"
    POLICY_ANNOUNCED = "policy.announced"
    POLICY_PUBLISHED = "policy.published"
    BACKUP_MADE = "backup.made"
    BACKUP_RESTORED = "backup.restored"


_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def canonical_json(value: Any) -> bytes:
    """The one encoding of a JSON value without floats: sorted keys, no spaces, UTF-8 (RFC 8785 for these types)."""
    return _CANONICAL.encode(value).encode()


def format_time(at: datetime) -> str:
    """UTC with milliseconds, as written in leaves, checkpoints and certificates."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def parse_time(text: str) -> datetime:
    """The inverse of `format_time`; refuses any other way of writing a time."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None or format_time(at) != text:
        raise LeafRefused(f"a time must be written like 2026-01-31T12:00:00.000Z, not {len(text)} other characters")
    return at


class RecordedWord(str):
    """A word read back from a leaf that was checked when it was written."""

    __slots__ = ()


_WORD_TYPES = (StrEnum, RecordedWord)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One change of state. `words` are enum members by role (kind, purpose, basis, state…), `counts` are numbers.

    Words must be members of a `StrEnum`: a plain string, which could hold anything, is refused.

    Raises:
        LeafRefused: a field holds anything but opaque ids, words, counts, digests and times.
    """

    event: LeafEvent
    at: datetime
    subject: str | None = None
    artifact: str | None = None
    run: str | None = None
    job: str | None = None
    holder: str | None = None
    lease: str | None = None
    request: str | None = None
    hold: str | None = None
    token: str | None = None
    processor: str | None = None
    digest: str | None = None
    words: Mapping[str, str] = field(default_factory=lambda: _EMPTY)
    counts: Mapping[str, int] = field(default_factory=lambda: _EMPTY)

    def __post_init__(self) -> None:
        if not isinstance(self.event, LeafEvent):
            raise LeafRefused("the event must be a LeafEvent")
        if not isinstance(self.at, datetime) or self.at.tzinfo is None:
            raise LeafRefused("the time must be a datetime with a time zone")
        for role, shape in _IDS.items():
            value = getattr(self, role)
            if value is not None and not (isinstance(value, str) and shape.fullmatch(value)):
                raise LeafRefused(f"the {role} must be an opaque id: {_PREFIXES[role]}_ and 32 hexadecimal digits")
        if self.processor is not None:
            check_word("processor", self.processor)
        if self.digest is not None and not _DIGEST.fullmatch(self.digest):
            raise LeafRefused("the digest must be 64 lower-case hexadecimal digits")
        for role, word in self.words.items():
            check_word("a word's role", role)
            if not isinstance(word, _WORD_TYPES):
                raise LeafRefused(f"{role} must be a member of a StrEnum")
            check_word(role, word)
        for name, count in self.counts.items():
            check_word("a count's name", name)
            _check_count(name, count)

    def to_json(self) -> dict[str, Any]:
        """The leaf as a JSON object; empty fields are left out."""
        found: dict[str, Any] = {"v": FORMAT_VERSION, "event": self.event.value, "at": format_time(self.at)}
        for role in _OPTIONAL_TEXT:
            value = getattr(self, role)
            if value is not None:
                found[role] = str(value)
        if self.words:
            found["words"] = {str(k): str(v) for k, v in self.words.items()}
        if self.counts:
            found["counts"] = dict(self.counts)
        return found

    def encode(self) -> bytes:
        """The bytes that are hashed into the tree: `canonical_json(self.to_json())`.

        Written out by hand because every registration pays for it: all texts are of a checked alphabet that needs no
        escaping, and the fields stand in their sorted order.
        """
        parts = [f'"artifact":"{self.artifact}",' if self.artifact else "", f'"at":"{format_time(self.at)}"']
        if self.counts:
            counts = ",".join(f'"{name}":{int(self.counts[name])}' for name in sorted(self.counts))
            parts.append(f',"counts":{{{counts}}}')
        if self.digest:
            parts.append(f',"digest":"{self.digest}"')
        parts.append(f',"event":"{self.event.value}"')
        for role in _AFTER_EVENT:
            value = getattr(self, role)
            if value is not None:
                parts.append(f',"{role}":"{value}"')
        parts.append(f',"v":{FORMAT_VERSION}')
        if self.words:
            words = ",".join(f'"{role}":"{self.words[role]}"' for role in sorted(self.words))
            parts.append(f',"words":{{{words}}}')
        return f"{{{''.join(parts)}}}".encode()

    @property
    def hash(self) -> bytes:
        """The leaf's RFC 6962 hash."""
        return hash_leaf(self.encode())

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Leaf:
        """Read a leaf back; refuses unknown fields, versions and events."""
        given = dict(value)
        if given.pop("v", None) != FORMAT_VERSION:
            raise LeafRefused("the log entry is of another version")
        if not set(given) <= _FIELDS:
            raise LeafRefused("the log entry has a field that no log entry may have")
        try:
            given["event"] = LeafEvent(given.get("event", ""))
        except ValueError as error:
            raise LeafRefused("the log entry names an event that does not exist") from error
        given["at"] = parse_time(str(given.get("at", "")))
        words, counts = given.get("words", {}), given.get("counts", {})
        if not isinstance(words, Mapping) or not isinstance(counts, Mapping):
            raise LeafRefused("words and counts of a log entry must be objects")
        given["words"] = {role: RecordedWord(word) for role, word in words.items() if check_word(role, word)}
        return cls(**given)


_OPTIONAL_TEXT = (*_PREFIXES, "processor", "digest")
_AFTER_EVENT = sorted(set(_OPTIONAL_TEXT) - {"artifact", "digest"})
_FIELDS = {f.name for f in fields(Leaf)}


def check_word(role: str, value: object) -> bool:
    """True for a short lower-case word; anything else is refused without echoing it, for it may be personal."""
    if isinstance(value, str) and len(value) <= _WORD_LIMIT and _WORD.fullmatch(value):
        return True
    raise LeafRefused(f"{role} must be a lower-case word of the vocabulary, at most {_WORD_LIMIT} letters")


def _check_count(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < _COUNT_LIMIT:
        raise LeafRefused(f"the count {name} must be a whole number that is not negative")
