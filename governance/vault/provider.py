"""Where epoch secrets are sealed: a local key file, or a key management service."""

from typing import Protocol


class KeyProvider(Protocol):
    """One root key per epoch. `create` and `destroy` may be repeated; a destroyed key never comes back.

    Raises `KeyUnavailable` when a key is destroyed, unknown or out of reach."""

    async def create(self, epoch: int) -> None: ...

    async def seal(self, epoch: int, plain: bytes) -> bytes: ...

    async def unseal(self, epoch: int, sealed: bytes) -> bytearray: ...

    async def destroy(self, epoch: int) -> None: ...
