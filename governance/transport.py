"""What travels between the service's processes is sealed under a key that its holders share, new in every epoch.

4 bytes epoch ‖ 12 bytes nonce ‖ ciphertext ‖ tag
"""

import os
from struct import pack, unpack_from

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from governance.errors import KeyUnavailable, LeaseLost, Tampered
from governance.vault.cipher import Bytes, zero

_HEADER_BYTES = 4
_NONCE_BYTES = 12
_KEPT_EPOCHS = 2


class Transport:
    """Seals and opens payloads; empties when the lease is lost. Safe to call from any thread."""

    def __init__(self) -> None:
        self._keys: dict[int, bytearray] = {}

    def learn(self, epoch: int, key: bytearray) -> None:
        """The newest epoch seals; the one before still opens what was on its way."""
        self._keys[epoch] = key
        for old in sorted(self._keys)[:-_KEPT_EPOCHS]:
            zero(self._keys.pop(old))

    @property
    def epoch(self) -> int:
        """The epoch it seals in; 0 when it knows none."""
        return max(self._keys, default=0)

    def seal(self, payload: Bytes) -> bytes:
        """Raises `LeaseLost` when this holder has none now."""
        epoch = self.epoch
        if not epoch:
            raise LeaseLost()
        header, nonce = pack(">I", epoch), os.urandom(_NONCE_BYTES)
        return header + nonce + AESGCM(self._keys[epoch]).encrypt(nonce, payload, header)

    def open(self, sealed: bytes) -> bytearray:
        """Raises `KeyUnavailable` for an epoch it does not know (renew and try again), `Tampered`, `LeaseLost`."""
        if not self._keys:
            raise LeaseLost()
        if len(sealed) < _HEADER_BYTES + _NONCE_BYTES:
            raise Tampered("the payload is too short to be one of ours")
        (epoch,) = unpack_from(">I", sealed)
        if epoch not in self._keys:
            raise KeyUnavailable(f"the transport key of epoch {epoch} is not known here")
        body = _HEADER_BYTES + _NONCE_BYTES
        try:
            cipher = AESGCM(self._keys[epoch])
            return bytearray(cipher.decrypt(sealed[_HEADER_BYTES:body], sealed[body:], sealed[:_HEADER_BYTES]))
        except InvalidTag:
            raise Tampered("the payload was changed on its way") from None

    def forget(self) -> None:
        """Zero every key."""
        while self._keys:
            zero(self._keys.popitem()[1])
