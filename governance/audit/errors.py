"""What can be wrong with evidence.

AuditError
├── LeafRefused            somebody tried to record more than ids, words, counts and times
├── OutOfRange             a proof was asked for a leaf or tree size that the log does not have
├── BadProof               a Merkle proof does not lead to the root it claims
└── CertificateError       a certificate file is not what it says
    ├── NotACertificate    it cannot be read as one
    ├── UnknownFormat      it is of a version this program does not know
    ├── UntrustedKey       it was signed by another key than the one trusted
    ├── KeyMismatch        its key id does not belong to its public key
    ├── BadSignature       its bytes were changed after signing
    ├── BadCheckpoint      its signed tree head is malformed, or signed by somebody else
    ├── BadInclusion       one of its log entries is not in the signed tree
    └── ContradictsLog     it claims what its own log entries do not say
"""

from __future__ import annotations

from governance.errors import GovernanceError


class AuditError(GovernanceError):
    """The evidence does not hold."""

    code = "evidence"


class LeafRefused(AuditError, ValueError):
    """A log entry may hold only opaque ids, words of the vocabulary, counts and times."""


class OutOfRange(AuditError, ValueError):
    """The log has no such leaf or tree size."""


class BadProof(AuditError):
    """The Merkle proof does not lead to the claimed root."""


class CertificateError(AuditError):
    """The certificate does not verify."""


class NotACertificate(CertificateError):
    """The file cannot be read as an erasure certificate."""


class UnknownFormat(CertificateError):
    """The certificate is of a format this program does not know; use a newer version of pixreunion."""


class UntrustedKey(CertificateError):
    """The certificate was signed by another key than the one you trust."""


class KeyMismatch(CertificateError):
    """The key id in the certificate does not belong to its public key."""


class BadSignature(CertificateError):
    """The certificate was changed after it was signed, or never signed by this key."""


class BadCheckpoint(CertificateError):
    """The signed tree head in the certificate is malformed or not signed by the certificate's key."""


class BadInclusion(CertificateError):
    """A log entry of the certificate is not in the signed tree."""


class ContradictsLog(CertificateError):
    """The certificate claims something that its own log entries do not say."""
