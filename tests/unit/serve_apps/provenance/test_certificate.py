"""The certificate pictures are signed with: the same key at every start, and an operator's own."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from serve_apps.provenance.certificate import DOCUMENT_SIGNING, SigningPair, derived_pair, read_pair
from serve_apps.provenance.credentials import Credentials, Statement
from tests.unit.serve_apps.checks.pictures import file, portraits

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def leaf(pair: SigningPair) -> x509.Certificate:
    return x509.load_pem_x509_certificates(pair.chain)[0]


def test_the_key_follows_from_the_secret() -> None:
    first, again, other = (derived_pair(secret, NOW) for secret in (b"k" * 32, b"k" * 32, b"z" * 32))
    assert first.key == again.key
    assert leaf(first).public_key() == leaf(again).public_key() != leaf(other).public_key()
    assert "PRIVATE" not in repr(first)


def test_it_is_issued_for_signing_documents() -> None:
    pair = derived_pair(b"k" * 32, NOW)
    certificate, authority = leaf(pair), x509.load_pem_x509_certificate(pair.authority)
    certificate.verify_directly_issued_by(authority)
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert DOCUMENT_SIGNING in usage
    assert isinstance(certificate.public_key(), ec.EllipticCurvePublicKey)
    assert certificate.not_valid_before_utc < NOW < certificate.not_valid_after_utc


def test_an_operators_own_is_told_from_others_of_the_same_authority(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    made = derived_pair(b"k" * 32, now)
    (tmp_path / "chain.pem").write_bytes(made.chain + made.authority)
    (tmp_path / "key.pem").write_bytes(made.key)
    own = Credentials(read_pair(tmp_path / "chain.pem", tmp_path / "key.pem"))
    png = file(portraits(0)[0])
    assert own.read(own.sign(png), "image/png") == Statement(intact=True, ours=True)
    sibling = Credentials(derived_pair(b"k" * 32, now))
    assert own.read(sibling.sign(png), "image/png") == Statement(intact=True, ours=False)


def test_what_is_no_certificate_is_refused(tmp_path: Path) -> None:
    (tmp_path / "chain.pem").write_bytes(b"no certificate")
    with pytest.raises(ValueError, match="PEM"):
        read_pair(tmp_path / "chain.pem", tmp_path / "chain.pem")
    (tmp_path / "chain.pem").write_bytes(derived_pair(b"k" * 32, NOW).chain)
    with pytest.raises(ValueError, match="up to the authority"):
        read_pair(tmp_path / "chain.pem", tmp_path / "chain.pem")
