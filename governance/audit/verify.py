"""Check an erasure certificate with nothing but the file (and, better, the controller's published key)."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from governance.audit.certificate import FORMAT, Body, Certificate, ErasureStep, Evidence, completion_counts
from governance.audit.checkpoint import Checkpoint, open_checkpoint
from governance.audit.errors import (
    BadInclusion,
    BadProof,
    BadSignature,
    ContradictsLog,
    KeyMismatch,
    LeafRefused,
    NotACertificate,
    UnknownFormat,
    UntrustedKey,
)
from governance.audit.issue import Entry, step_times
from governance.audit.keys import VerifyingKey
from governance.audit.leaf import Leaf, canonical_json, format_time
from governance.audit.merkle import verify_inclusion

_SIZE_LIMIT = 64 << 20
_REQUIRED = frozenset(ErasureStep)


@dataclass(frozen=True, slots=True)
class VerifiedCertificate:
    """A certificate that holds. `trusted` says whether its key was compared with one given from outside."""

    certificate: Certificate
    checkpoint: Checkpoint
    trusted: bool

    @property
    def body(self) -> Body:
        """What the certificate states."""
        return self.certificate.body

    @property
    def key_id(self) -> str:
        """The id of the key that signed it."""
        return self.certificate.key.id

    @property
    def clean(self) -> bool | None:
        """Whether an independent scan could read every place and found nothing; None when there was none."""
        residue = self.body.residue
        return None if residue is None else residue.findings == 0 and not any(residue.unreadable.values())


def verify(file_bytes: bytes, trusted_key: VerifyingKey | str | None = None) -> VerifiedCertificate:
    """Verify the bytes of a certificate file, offline.

    `trusted_key` is the controller's published key: the key itself, its 32-digit key id or its base64. Without it the
    certificate is only shown to be whole and consistent, not by whom it was made.

    Raises:
        CertificateError: the subclass says what is wrong (see `governance.audit.errors`).
    """
    certificate = _read(file_bytes)
    key = _key_of(certificate, trusted_key)
    if not key.accepts(_decode(certificate.signature, "signature"), certificate.signed_bytes()):
        raise BadSignature("the certificate was changed after it was signed, or signed by another key")
    checkpoint = open_checkpoint(certificate.checkpoint, key)
    entries = [_check_inclusion(evidence, checkpoint) for evidence in certificate.evidence]
    _check_statement(certificate.body, entries)
    return VerifiedCertificate(certificate, checkpoint, trusted=trusted_key is not None)


def _read(file_bytes: bytes) -> Certificate:
    if len(file_bytes) > _SIZE_LIMIT:
        raise NotACertificate("the file is too large to be a certificate")
    try:
        raw = json.loads(file_bytes, object_pairs_hook=_no_duplicates, parse_float=_refuse, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise NotACertificate("the file is not JSON as certificates are written") from error
    if not isinstance(raw, dict) or "format" not in raw:
        raise NotACertificate("the file is JSON, but no erasure certificate")
    if raw["format"] != FORMAT:
        raise UnknownFormat("the certificate's format is unknown here; it may need a newer version of pixreunion")
    try:
        certificate = Certificate.model_validate_json(file_bytes)
    except (ValidationError, LeafRefused) as error:
        raise NotACertificate(f"the certificate's fields are malformed: {_where(error)}") from error
    # What was read must be exactly what the file says, so that no field is silently bent into another meaning.
    if canonical_json(certificate.model_dump(mode="json")) != canonical_json(raw):
        raise NotACertificate("the certificate holds values in an unusual form")
    return certificate


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _refuse(_: str) -> Any:
    raise ValueError("certificates hold whole numbers only")


def _where(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return ", ".join(sorted({".".join(str(part) for part in found["loc"][:3]) for found in error.errors()}))
    return str(error)


def _decode(text: str, what: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NotACertificate(f"the {what} is not base64") from error
    if base64.b64encode(raw).decode() != text:
        raise NotACertificate(f"the {what} is base64 in an unusual form")
    return raw


def _key_of(certificate: Certificate, trusted: VerifyingKey | str | None) -> VerifyingKey:
    try:
        key = VerifyingKey(_decode(certificate.key.public, "public key"))
    except ValueError as error:
        raise NotACertificate("the public key has the wrong length") from error
    if key.key_id != certificate.key.id:
        raise KeyMismatch("the key id in the certificate does not belong to its public key")
    wanted = trusted if isinstance(trusted, str | None) else trusted.key_id
    if wanted is not None and wanted not in (key.key_id, certificate.key.public):
        raise UntrustedKey(f"the certificate was signed by key {key.key_id}, not by the one you trust")
    return key


def _check_inclusion(evidence: Evidence, checkpoint: Checkpoint) -> Entry:
    try:
        leaf = Leaf.from_json(evidence.leaf)
    except LeafRefused as error:
        raise BadInclusion(f"log entry {evidence.index} is malformed: {error}") from error
    if leaf.to_json() != evidence.leaf:
        raise BadInclusion(f"log entry {evidence.index} is written in an unusual form")
    path = [_decode(node, "audit path") for node in evidence.path]
    try:
        verify_inclusion(leaf.hash, evidence.index, checkpoint.size, path, checkpoint.root)
    except BadProof as error:
        raise BadInclusion(f"log entry {evidence.index} is not in the signed tree") from error
    return Entry(evidence.index, leaf)


def _check_statement(body: Body, entries: list[Entry]) -> None:
    """The statement must say what its log entries say: the same request, times, counts and scan."""
    _require(len({e.index for e in entries}) == len(entries), "it gives a log entry twice")
    _require([e.index for e in entries] == sorted(e.index for e in entries), "its log entries are out of order")
    for entry in entries:
        leaf = entry.leaf
        _require(leaf.request == body.request, f"log entry {entry.index} belongs to another request")
        _require(leaf.subject in (None, body.subject), f"log entry {entry.index} belongs to another person")
    times = {step: format_time(at) for step, at in step_times(entries).items()}
    _require(times.keys() >= _REQUIRED, "a step of the erasure has no log entry")
    _require(times == {step: format_time(at) for step, at in body.steps.items()}, "the times of its steps differ")
    _check_order(body)
    _check_counts(body, entries)


def _check_order(body: Body) -> None:
    opened, fenced, done = (body.steps[s] for s in (ErasureStep.OPENED, ErasureStep.FENCED, ErasureStep.COMPLETED))
    between = [at for step, at in body.steps.items() if step is not ErasureStep.OPENED]
    _require(opened <= fenced, "it was fenced before it was asked for")
    _require(all(fenced <= at <= done for at in between), "a step lies outside the time of the erasure")
    _require(done <= body.issued_at, "it was issued before the erasure was complete")


def _check_counts(body: Body, entries: list[Entry]) -> None:
    completed = _counts_of(entries, ErasureStep.COMPLETED)
    _require(completed == completion_counts(body.erased, body.held), "what was erased or held differs")
    scanned = _counts_of(entries, ErasureStep.SCANNED)
    _require(scanned == (body.residue.counts() if body.residue else {}), "the result of the residue scan differs")
    for notice in body.processors:
        answered = notice.answered_at
        _require(answered is None or notice.told_at <= answered, "a processor answered before it was told")


def _counts_of(entries: Iterable[Entry], step: ErasureStep) -> dict[str, int]:
    last: dict[str, int] = {}
    for entry in entries:
        if entry.leaf.event.value == step.value:
            last = dict(entry.leaf.counts)
    return last


def _require(holds: bool, what: str) -> None:
    if not holds:
        raise ContradictsLog(f"the certificate contradicts its log entries: {what}")
