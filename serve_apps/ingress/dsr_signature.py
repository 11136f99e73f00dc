"""Signs the answers of the OpenDSR endpoints: an Ed25519 key drawn from the service's secret, in a certificate of its
own, so that an outside tool can prove later what was answered."""

from base64 import b64encode
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

_SINCE, _UNTIL = datetime(2025, 1, 1, tzinfo=UTC), datetime(2045, 1, 1, tzinfo=UTC)


class DsrSigner:
    """`seed`: 32 bytes that stay the same for the life of the installation."""

    def __init__(self, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)

    def sign(self, body: bytes) -> str:
        """Base64 of the signature over the body."""
        return b64encode(self._key.sign(body)).decode()

    def certificate(self, domain: str) -> bytes:
        """Self-signed X.509 in PEM, the same each time."""
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, domain)])
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self._key.public_key())
            .serial_number(1)
            .not_valid_before(_SINCE)
            .not_valid_after(_UNTIL)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(domain)]), critical=False)
        )
        return builder.sign(self._key, None).public_bytes(Encoding.PEM)
