"""How keys seal keys.

    provider key (file or KMS)  seals  epoch secret  seals  subject keys, service keys, holders' session keys
    epoch secret + EVERY subject's key               seal   artifact key
    session key                                      seals  artifact key on its way to a holder

An artifact's wrapping key is derived from the epoch secret and the keys of all its subjects, so destroying any one of
them leaves nothing to derive it from. All sealed values are nonce (12 bytes) ‖ ciphertext ‖ tag.
"""

import hmac
import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from governance.errors import KeyUnavailable
from governance.ids import ArtifactId, Id
from governance.vault.cipher import Bytes

_NONCE_BYTES = 12


def seal(key: Bytes, plain: Bytes, aad: bytes) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, aad)


def unseal(key: Bytes, sealed: bytes, aad: bytes) -> bytearray:
    """Raises `KeyUnavailable` when the key is not the one that sealed it."""
    try:
        return bytearray(AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], aad))
    except InvalidTag:
        raise KeyUnavailable("a wrapped key does not open under the current keys") from None


def derive(secret: Bytes, label: str, *parts: Bytes) -> bytes:
    """A key for one use, from a secret and what it is bound to."""
    message = b"".join([label.encode(), *(len(part).to_bytes(4, "big") + part for part in parts)])
    return hmac.digest(secret, message, "sha256")


def seal_named(secret: Bytes, id: Id | str, plain: Bytes) -> bytes:
    """Seal the key that belongs to `id` under an epoch secret."""
    name = id.encode()
    return seal(derive(secret, "named", name), plain, name)


def unseal_named(secret: Bytes, id: Id | str, sealed: bytes) -> bytearray:
    name = id.encode()
    return unseal(derive(secret, "named", name), sealed, name)


def seal_artifact_key(secret: Bytes, subject_keys: Sequence[Bytes], id: ArtifactId, key: Bytes) -> bytes:
    """`subject_keys` in the order of the artifact's subjects."""
    name = id.encode()
    return seal(derive(secret, "artifact", name, *subject_keys), key, name)


def unseal_artifact_key(secret: Bytes, subject_keys: Sequence[Bytes], id: ArtifactId, sealed: bytes) -> bytearray:
    name = id.encode()
    return unseal(derive(secret, "artifact", name, *subject_keys), sealed, name)
