"""The certificate that pictures are signed with, where an installation brings none of its own.

Key and certificate follow from the service's secret: every replica has the same key, and none of it lies on a disk. The
certificate is issued by an authority of the installation, which nobody but this service trusts; bring your own
(`certificate`, `key` in the settings) for credentials that other software accepts.
"""

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NAME = "PixReunion"
VALID = timedelta(days=365)
DOCUMENT_SIGNING = x509.ObjectIdentifier("1.3.6.1.5.5.7.3.36")
# The order of P-256's group, which every private key is below.
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@dataclass(frozen=True, slots=True)
class SigningPair:
    """PEM texts: the certificate with those above it, its private key (PKCS 8, ES256), and the authority it comes from.

    `serial` tells our pictures from others' where the authority also issues to others; None where it is our own.
    """

    chain: bytes
    key: bytes = field(repr=False)
    authority: bytes
    serial: int | None = None


def read_pair(certificate: Path, key: Path) -> SigningPair:
    """The operator's own: the signer's certificate first and its authority's last. Raises ValueError for less."""
    chain = x509.load_pem_x509_certificates(certificate.read_bytes())
    if len(chain) < 2:
        raise ValueError(f"{certificate} holds one certificate; add those it was issued with, up to the authority's")
    texts = [each.public_bytes(serialization.Encoding.PEM) for each in chain]
    return SigningPair(b"".join(texts[:-1]), key.read_bytes(), texts[-1], chain[0].serial_number)


def derived_pair(secret: bytes, now: datetime) -> SigningPair:
    """The installation's own, valid for a year from `now`; made anew at each start of a replica."""
    authority, signer = (_derived_key(secret, use) for use in (b"c2pa authority", b"c2pa signer"))
    top = _name(f"{NAME} picture authority")
    root = _certificate(top, top, authority, authority, now, is_authority=True)
    leaf = _certificate(_name(f"{NAME} pictures"), top, signer, authority, now, is_authority=False)
    chain = leaf.public_bytes(serialization.Encoding.PEM)
    above = root.public_bytes(serialization.Encoding.PEM)
    private = signer.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return SigningPair(chain, private, above)


def _derived_key(secret: bytes, use: bytes) -> ec.EllipticCurvePrivateKey:
    # Twice the bits of the order, so that no remainder is likelier than another.
    wide = b"".join(hmac.digest(secret, use + bytes([part]), hashlib.sha256) for part in (1, 2))
    return ec.derive_private_key(int.from_bytes(wide) % (_ORDER - 1) + 1, ec.SECP256R1())


def _name(common: str) -> x509.Name:
    return x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, NAME), x509.NameAttribute(NameOID.COMMON_NAME, common)]
    )


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    issuer_key: ec.EllipticCurvePrivateKey,
    now: datetime,
    is_authority: bool,
) -> x509.Certificate:
    start = now - timedelta(hours=1)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + VALID)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=0 if is_authority else None), critical=True)
        .add_extension(_usage(is_authority), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )
    if not is_authority:
        usages = [ExtendedKeyUsageOID.EMAIL_PROTECTION, DOCUMENT_SIGNING]
        made = made.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
    return made.sign(issuer_key, hashes.SHA256())


def _usage(is_authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        encipher_only=False,
        decipher_only=False,
    )
