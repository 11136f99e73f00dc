"""A certificate authority in two files, for a laptop and for the nodes of a cluster among each other.

    <folder>/ca.crt   everybody may have it
    <folder>/ca.key   whoever holds it can pose as a node: 0600, and beside the other secrets only

What faces the public carries a certificate of a public authority instead (`<secrets>/ingress.crt`, `ingress.key`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from cluster.errors import DiskUnusable
from cluster.secrets import write_private

_AUTHORITY_DAYS = 3650
_DAYS = 90
# Clocks of two machines may differ.
_SKEW = timedelta(minutes=5)


@dataclass(frozen=True)
class Pair:
    """A certificate and its private key, as files."""

    certificate: Path
    key: Path

    @classmethod
    def within(cls, folder: Path, name: str) -> "Pair":
        return cls(folder / f"{name}.crt", folder / f"{name}.key")

    @property
    def exists(self) -> bool:
        return self.certificate.is_file() and self.key.is_file()

    def lasts(self, at_least: timedelta) -> bool:
        """Whether it is there and stays valid so long."""
        if not self.exists:
            return False
        certificate = x509.load_pem_x509_certificate(self.certificate.read_bytes())
        return certificate.not_valid_after_utc - datetime.now(UTC) >= at_least


class Authority:
    """Signs certificates of servers that are also clients of each other."""

    def __init__(self, folder: Path) -> None:
        self.pair = Pair.within(folder, "ca")

    def create(self) -> None:
        """Draws a new authority unless there is one. Raises DiskUnusable when one of the two files is missing."""
        if self.pair.exists:
            return
        if self.pair.certificate.exists() or self.pair.key.exists():
            raise DiskUnusable(
                f"Only one of {self.pair.certificate} and {self.pair.key} is there.",
                "Bring the other back, or remove it: then all certificates are made anew.",
            )
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name("PixReunion authority")
        made = _builder(name, name, key.public_key(), _AUTHORITY_DAYS)
        made = made.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        made = made.add_extension(_usage(signs_certificates=True), critical=True)
        made = made.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        _store(self.pair, made.sign(key, hashes.SHA256()), key)

    def issue(self, pair: Pair, names: Iterable[str]) -> None:
        """A new key and certificate for these host names and addresses."""
        authority = x509.load_pem_x509_certificate(self.pair.certificate.read_bytes())
        signer = serialization.load_pem_private_key(self.pair.key.read_bytes(), password=None)
        assert isinstance(signer, ec.EllipticCurvePrivateKey)
        known = list(dict.fromkeys(names))
        key = ec.generate_private_key(ec.SECP256R1())
        made = _builder(_name(known[0]), authority.subject, key.public_key(), _DAYS)
        purposes = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        signed_by = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
        for extension, critical in (
            (x509.BasicConstraints(ca=False, path_length=None), True),
            (_usage(signs_certificates=False), True),
            (x509.ExtendedKeyUsage(purposes), False),
            (x509.SubjectAlternativeName([_general(name) for name in known]), False),
            (signed_by, False),
        ):
            made = made.add_extension(extension, critical=critical)
        _store(pair, made.sign(signer, hashes.SHA256()), key)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: int
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SKEW)
        .not_valid_after(now + timedelta(days=days))
    )


def _usage(signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates, key_cert_sign=signs_certificates, crl_sign=signs_certificates,
        content_commitment=False, key_encipherment=False, data_encipherment=False, key_agreement=False,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _store(pair: Pair, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
    pair.key.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    write_private(pair.key, private.decode())
    pair.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
