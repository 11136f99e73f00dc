import base64
import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from governance.audit import errors
from governance.audit.certificate import Certificate, PublicKey, sign_certificate
from governance.audit.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from governance.audit.issue import Entry, issue_certificate
from governance.audit.keys import SigningKey
from governance.audit.log import append_many
from governance.audit.store import MemoryLeafStore
from governance.audit.verify import verify


@pytest.fixture
async def made(certificate):
    return await certificate()


def changed(certificate, *path, to):
    """The file with one value replaced, its signature left as it was."""
    raw = json.loads(certificate.to_bytes())
    at = raw
    for part in path[:-1]:
        at = at[part]
    at[path[-1]] = to
    return json.dumps(raw).encode()


def resigned(certificate, key, *path, to):
    """The same, but signed anew by the same key: a controller that lies."""
    forged = Certificate.model_validate_json(changed(certificate, *path, to=to))
    return sign_certificate(forged, key).to_bytes()


def test_a_genuine_certificate_verifies(made, key):
    found = verify(made.to_bytes())
    assert found.body == made.body
    assert found.key_id == key.verifying.key_id
    assert found.clean
    assert not found.trusted


@pytest.mark.parametrize("form", [lambda k: k, lambda k: k.key_id, lambda k: base64.b64encode(k.raw).decode()])
def test_the_published_key_may_be_given_in_any_form(made, key, form):
    assert verify(made.to_bytes(), trusted_key=form(key.verifying)).trusted


def test_spaces_do_not_matter(made):
    compact = json.dumps(json.loads(made.to_bytes()), separators=(",", ":")).encode()
    assert verify(compact).body == made.body


def test_another_trusted_key_is_said(made):
    with pytest.raises(errors.UntrustedKey, match=made.key.id):
        verify(made.to_bytes(), trusted_key=SigningKey.generate().verifying)


@pytest.mark.parametrize("garbage", [b"", b"\xff\xfe", b"[]", b"{}", b"{" * 100_000, b"[" * 100_000, b'"x"', b"NaN"])
def test_other_files_are_no_certificates(garbage):
    with pytest.raises(errors.NotACertificate):
        verify(garbage)


def test_a_huge_file_is_not_read():
    with pytest.raises(errors.NotACertificate, match="too large"):
        verify(bytes((64 << 20) + 1))


def test_a_later_format_is_said(made):
    with pytest.raises(errors.UnknownFormat):
        verify(changed(made, "format", to="pixreunion.erasure-certificate/2"))


@pytest.mark.parametrize(
    ("path", "to"),
    [
        (("note",), "hello"),
        (("body", "erased", "photo"), -1),
        (("body", "erased", "photo"), "8"),
        (("body", "erased", "photo"), 8.0),
        (("body", "erased", "photo"), True),
        (("body", "issued_at"), "2026-03-01 12:00"),
        (("body", "issued_at"), 1772366460),
        (("body", "subject"), "sub_ada"),
        (("body", "residue", "canaries"), None),
        (("evidence", 0, "path", 0), "not base64!"),
        (("signature",), "AB=="),
        (("key", "algorithm"), "RSA"),
        (("key", "public"), "AAAA"),
    ],
)
def test_malformed_fields_are_named_or_refused(made, path, to):
    with pytest.raises((errors.NotACertificate, errors.BadSignature)):
        verify(changed(made, *path, to=to))


def test_a_name_given_twice_is_refused(made):
    twice = made.to_bytes().replace(b'"format":', b'"format": "x", "format":', 1)
    with pytest.raises(errors.NotACertificate):
        verify(twice)


@pytest.mark.parametrize(
    ("path", "to"),
    [
        (("body", "erased", "photo"), 9),
        (("body", "by"), "operator"),
        (("body", "residue", "findings"), 1),
        (("body", "held"), []),
        (("body", "processors", 1, "answer"), "erased"),
        (("body", "steps", "erasure.fenced"), "2026-03-01T12:00:00.999Z"),
        (("evidence", 0, "index"), 1),
        (("evidence", 0, "leaf", "counts"), {"x": 1}),
        (("evidence", 0, "path"), []),
    ],
)
def test_any_change_after_signing_is_found(made, path, to):
    with pytest.raises(errors.BadSignature):
        verify(changed(made, *path, to=to))


@settings(
    deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.data())
def test_no_changed_byte_goes_unnoticed(made, data):
    file = made.to_bytes()
    position = data.draw(st.integers(0, len(file) - 1))
    forged = file[:position] + bytes([data.draw(st.integers(0, 255))]) + file[position + 1 :]
    try:
        found = verify(forged)
    except errors.CertificateError:
        return
    assert found.certificate == made


def test_a_key_id_of_another_key_is_said(made):
    with pytest.raises(errors.KeyMismatch):
        verify(changed(made, "key", "id", to="0" * 32))


def test_a_swapped_key_does_not_match_the_signature(made):
    other = PublicKey.of(SigningKey.generate().verifying).model_dump()
    with pytest.raises(errors.BadSignature):
        verify(changed(made, "key", to=other))


def test_a_wholly_forged_certificate_fails_against_the_trusted_key(made, key):
    other = SigningKey.generate()
    checkpoint = sign_checkpoint(open_checkpoint(made.checkpoint, key.verifying), other)
    forged = made.model_copy(update={"key": PublicKey.of(other.verifying), "checkpoint": checkpoint})
    file = sign_certificate(forged, other).to_bytes()
    assert not verify(file).trusted
    with pytest.raises(errors.UntrustedKey):
        verify(file, trusted_key=key.verifying)


def test_a_checkpoint_of_another_key_is_said(made, key):
    checkpoint = open_checkpoint(made.checkpoint, key.verifying)
    with pytest.raises(errors.BadCheckpoint):
        verify(resigned(made, key, "checkpoint", to=sign_checkpoint(checkpoint, SigningKey.generate())))


def test_a_checkpoint_of_another_tree_is_said(made, key):
    real = open_checkpoint(made.checkpoint, key.verifying)
    other = sign_checkpoint(Checkpoint(real.size, bytes(32), real.at), key)
    with pytest.raises(errors.BadInclusion, match="not in the signed tree"):
        verify(resigned(made, key, "checkpoint", to=other))


@pytest.mark.parametrize(
    ("path", "to"),
    [
        (("evidence", 3, "leaf", "counts"), {"acknowledged": 99}),
        (("evidence", 3, "leaf", "note"), "hello"),
        (("evidence", 3, "leaf", "run"), None),
        (("evidence", 3, "index"), 5),
        (("evidence", 3, "path", 2), base64.b64encode(bytes(32)).decode()),
        (("evidence", 3, "path", 2), base64.b64encode(bytes(31)).decode()),
    ],
)
def test_a_forged_log_entry_is_not_in_the_tree(made, key, path, to):
    with pytest.raises(errors.BadInclusion, match="log entry"):
        verify(resigned(made, key, *path, to=to))


@pytest.mark.parametrize(
    ("path", "to", "what"),
    [
        (("body", "erased", "photo"), 9, "erased or held"),
        (("body", "held"), [], "erased or held"),
        (("body", "residue", "canaries"), 80, "residue scan"),
        (("body", "residue"), None, "residue scan"),
        (("body", "request"), "req_" + "0" * 32, "another request"),
        (("body", "subject"), "sub_" + "0" * 32, "another person"),
        (("body", "steps", "erasure.fenced"), "2026-03-01T12:00:00.999Z", "times of its steps"),
        (("body", "issued_at"), "2026-03-01T12:00:01.000Z", "issued before"),
        (("body", "processors", 0, "answered_at"), "2026-02-01T12:00:01.000Z", "answered before"),
    ],
)
def test_a_statement_that_the_log_does_not_bear_out_is_said(made, key, path, to, what):
    with pytest.raises(errors.ContradictsLog, match=what):
        verify(resigned(made, key, *path, to=to))


def test_a_missing_step_is_said(made, key):
    evidence = [e for e in json.loads(made.to_bytes())["evidence"] if e["leaf"]["event"] != "erasure.scanned"]
    with pytest.raises(errors.ContradictsLog, match="no log entry"):
        verify(resigned(made, key, "evidence", to=evidence))


def test_entries_twice_or_out_of_order_are_said(made, key):
    evidence = json.loads(made.to_bytes())["evidence"]
    with pytest.raises(errors.ContradictsLog, match="twice"):
        verify(resigned(made, key, "evidence", to=[evidence[0], *evidence]))
    with pytest.raises(errors.ContradictsLog, match="out of order"):
        verify(resigned(made, key, "evidence", to=evidence[::-1]))


@pytest.mark.parametrize(
    ("step", "what"), [("request.opened", "before it was asked"), ("erasure.scanned", "outside the time")]
)
async def test_steps_in_an_impossible_order_are_said(erased, key, step, what):
    facts, entries, _ = await erased()
    late = entries[-1].leaf.at + timedelta(days=1)
    leaves = [replace(e.leaf, at=late) if e.leaf.event == step else e.leaf for e in entries]
    store = MemoryLeafStore()
    indices = await append_many(store, leaves)
    moved = [Entry(i, leaf) for i, leaf in zip(indices, leaves, strict=True)]
    made = await issue_certificate(facts, moved, store, key, late + timedelta(days=1))
    with pytest.raises(errors.ContradictsLog, match=what):
        verify(made.to_bytes())


async def test_a_scan_with_findings_or_gaps_is_not_clean(erased, key):
    facts, entries, _ = await erased()
    for change in ({"findings": 1}, {"unreadable": {"memory": 1}}):
        residue = facts.residue.model_copy(update=change)
        leaves = [
            replace(e.leaf, counts=residue.counts()) if e.leaf.event == "erasure.scanned" else e.leaf for e in entries
        ]
        store = MemoryLeafStore()
        indices = await append_many(store, leaves)
        found = [Entry(i, leaf) for i, leaf in zip(indices, leaves, strict=True)]
        honest = facts.model_copy(update={"residue": residue})
        made = await issue_certificate(honest, found, store, key, leaves[-1].at)
        assert not verify(made.to_bytes()).clean
