"""The epoch secrets in memory, and the service's own keys that they seal."""

import asyncio
from datetime import datetime
from typing import Self

from governance.audit.keys import SigningKey
from governance.errors import KeyUnavailable, Unavailable
from governance.ledger import epochs
from governance.ledger.database import Connection, Database
from governance.vault.cipher import new_key, zero
from governance.vault.provider import KeyProvider
from governance.vault.wrap import derive, seal_named, unseal_named

SIGNING = "signing"
CUSTODY = "custody"


class Keyring:
    """Opens epochs as they are met. Secrets never leave this process and stay in it under a lease of their own: as long
    as the ledger, asked again and again, says that their epoch stands. `close` zeroes them."""

    def __init__(self, database: Database, provider: KeyProvider) -> None:
        self._database = database
        self.provider = provider
        self._secrets: dict[int, bytearray] = {}
        self._lock = asyncio.Lock()

    @classmethod
    async def open(cls, database: Database, provider: KeyProvider, now: datetime) -> Self:
        """The first start ever makes the first epoch and the service's keys."""
        ring = cls(database, provider)
        async with database.transaction() as conn:
            number = await epochs.lock_any(conn)
            if number is None:
                await ring.begin_epoch(conn, 1, now)
        async with database.transaction() as conn:
            number = await epochs.active(conn)
            for name in (SIGNING, CUSTODY):
                key = new_key()
                await epochs.add_service_key(conn, name, seal_named(await ring.secret(number), name, key), number)
                zero(key)
        return ring

    async def begin_epoch(self, conn: Connection, number: int, now: datetime) -> None:
        """A new active epoch in the caller's transaction. Its secret is read when that is committed: where it is not,
        another process may begin the same epoch with another secret."""
        await self.provider.create(number)
        secret = new_key()
        await epochs.add(conn, number, await self.provider.seal(number, bytes(secret)), now)
        zero(secret)

    async def secret(self, number: int) -> bytearray:
        """The secret of an epoch. Raises `KeyUnavailable` when it is destroyed."""
        if number in self._secrets:
            return self._secrets[number]
        async with self._lock:
            async with self._database.transaction() as conn:
                sealed = await epochs.sealed_secret(conn, number)
            if sealed is None:
                raise KeyUnavailable(f"the keys of epoch {number} are destroyed")
            return self._secrets.setdefault(number, await self.provider.unseal(number, sealed))

    async def service_key(self, name: str) -> bytearray:
        """Once more when its epoch ended between the two questions."""
        asked = None
        while True:
            async with self._database.transaction() as conn:
                sealed, number = await epochs.service_key(conn, name)
            try:
                return unseal_named(await self.secret(number), name, sealed)
            except KeyUnavailable:
                if number == asked:
                    raise
            asked = number

    async def signing_key(self) -> SigningKey:
        seed = await self.service_key(SIGNING)
        key = SigningKey(bytes(seed))
        zero(seed)
        return key

    async def transport_key(self, number: int) -> bytes:
        """What the holders of one epoch share."""
        return derive(await self.secret(number), "transport")

    async def renew(self) -> None:
        """Zero what another process destroyed. Without an answer from the ledger let go of everything, not zeroed in
        place: a transaction may be working with it. Raises `Unavailable`."""
        try:
            async with self._database.transaction() as conn:
                destroyed = await epochs.destroyed(conn)
        except Unavailable:
            self._secrets.clear()
            raise
        for number in self._secrets.keys() & destroyed:
            self.forget(number)

    def forget(self, number: int) -> None:
        """Zero the secret of an epoch that was destroyed."""
        zero(self._secrets.pop(number, bytearray()))

    def close(self) -> None:
        for number in list(self._secrets):
            self.forget(number)
