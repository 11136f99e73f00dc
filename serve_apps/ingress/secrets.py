"""Bearer tokens, keyed hashes and signed links, all from one service secret."""

import base64
import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from governance.ids import CodeId, SubjectId
from serve_apps.ingress.dsr_signature import DsrSigner

SECRET_BYTES = 32
PREFIX = "pxr_"
OPERATOR_PREFIX = "pxo_"


@dataclass(frozen=True, slots=True)
class NewSecretToken:
    """A fresh bearer token: the text goes to its owner once, only the hash is stored."""

    text: str
    hash: bytes


def new_token(bits: bytes | None = None) -> NewSecretToken:
    """A token of 256 bits: random ones, or those given."""
    text = PREFIX + base64.urlsafe_b64encode(bits or secrets.token_bytes(32)).decode().rstrip("=")
    return NewSecretToken(text, token_hash(text))


def token_hash(text: str) -> bytes:
    """SHA-256, 32 bytes; 256 random bits need no slow hash."""
    return hashlib.sha256(text.encode()).digest()


class Secrets:
    """Keys derived from the service secret, one per use, so that no value can stand in for another."""

    def __init__(self, root: bytes) -> None:
        if len(root) < SECRET_BYTES:
            raise ValueError(f"the service secret needs {SECRET_BYTES} bytes, it has {len(root)}")
        self._email = _derive(root, b"email")
        self._link = _derive(root, b"link")
        self._fingerprint = _derive(root, b"fingerprint")
        self._token = _derive(root, b"token")
        self._webhook = _derive(root, b"webhook")
        self._code = _derive(root, b"code")
        self._operator = _derive(root, b"operator")
        self.provenance_key = _derive(root, b"provenance")
        self.dsr_signer = DsrSigner(_derive(root, b"opendsr"))

    def email_hash(self, email: str) -> bytes:
        """Names an account without keeping its address in a column: 32 bytes, equal for the same mailbox."""
        return _mac(self._email, email.strip().casefold().encode())

    def address_hash(self, address: str) -> bytes:
        """Names a network address for as long as attempts are counted; never stored."""
        return _mac(self._fingerprint, b"address", address.encode())

    def fingerprint(self, *parts: bytes | bytearray) -> bytes:
        """Tells two requests apart without keeping their contents: 32 bytes."""
        return _mac(self._fingerprint, *parts)

    def repeatable_token(self, *parts: bytes) -> NewSecretToken:
        """The same token for the same parts: a repeated request is answered with it, though only its hash is kept."""
        return new_token(_mac(self._token, *parts))

    def webhook_key(self, *parts: bytes) -> bytes:
        """What a webhook's messages are signed with: 32 bytes, kept nowhere."""
        return _mac(self._webhook, *parts)
    def code_text(self, id: CodeId) -> str:
        """The code as an e-mail carries it: 64 hex digits."""
        return id.digits + _mac(self._code, id.encode()).hex()[: len(id.digits)]

    def code_id(self, text: str) -> CodeId | None:
        """Which code it is; None when it is not one of ours."""
        id = CodeId(f"{CodeId.prefix}_{text[:32]}")
        if not id.is_well_formed or not hmac.compare_digest(self.code_text(id).encode(), text.encode()):
            return None
        return id

    def unsubscription(self, subject: SubjectId) -> str:
        """The `signature` in a newsletter's link: good for withdrawing, and nothing else."""
        return _mac(self._link, b"unsubscribe", subject.encode()).hex()

    def may_unsubscribe(self, subject: SubjectId, signature: str) -> bool:
        return hmac.compare_digest(self.unsubscription(subject).encode(), signature.encode())

    def operators_pass(self, until: datetime) -> str:
        """Says that its bearer holds this secret. It opens one door: giving roles."""
        ends = str(int(until.timestamp()))
        return f"{OPERATOR_PREFIX}{ends}.{_mac(self._operator, ends.encode()).hex()}"

    def is_operators(self, text: str, now: datetime) -> bool:
        """False as well when its time is over, or ends later than such a pass may."""
        ends = text.removeprefix(OPERATOR_PREFIX).partition(".")[0]
        if not text.startswith(OPERATOR_PREFIX) or not (ends.isascii() and ends.isdigit() and len(ends) < 12):
            return False
        expected = self.operators_pass(datetime.fromtimestamp(int(ends), UTC))
        return hmac.compare_digest(expected.encode(), text.encode()) and 0 < int(ends) - now.timestamp() < 600

    def sign_link(self, path: str, expires_at: datetime) -> str:
        """The `signature` that lets anyone with the link read `path` until `expires_at`."""
        return _mac(self._link, path.encode(), str(int(expires_at.timestamp())).encode()).hex()

    def link_is_valid(self, path: str, expires: int, signature: str, now: datetime) -> bool:
        """False as well when the link's time is over."""
        expected = _mac(self._link, path.encode(), str(expires).encode()).hex()
        return hmac.compare_digest(expected.encode(), signature.encode()) and now.timestamp() < expires


def load_secret(path: Path) -> Secrets:
    """The service secret of an installation; the same file must be there on every node that runs an ingress or a
    generator."""
    return Secrets(path.read_bytes())


def create_secret(path: Path) -> None:
    """Makes the secret of a new installation, readable by its owner alone; one that exists is kept."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_bytes(SECRET_BYTES))


def _derive(root: bytes, use: bytes) -> bytes:
    return hmac.digest(root, b"pixreunion/" + use, "sha256")


def _mac(key: bytes, *parts: bytes | bytearray) -> bytes:
    """Each part goes in with its length, so that moving a byte from one to the next changes the result."""
    mac = hmac.new(key, digestmod="sha256")
    for part in parts:
        mac.update(len(part).to_bytes(8, "big"))
        mac.update(part)
    return mac.digest()
