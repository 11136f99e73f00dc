"""Holders' leases (I6): who has plaintext in memory, until when, and what must be dropped now."""

import asyncio
import hashlib
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from nacl.exceptions import CryptoError
from nacl.public import PublicKey, SealedBox

from governance.audit.leaf import Leaf, LeafEvent
from governance.clock import Clock
from governance.config import LeaseSettings
from governance.errors import LeaseLost, Refused
from governance.ledger import epochs, holders
from governance.ledger.database import Connection, Database
from governance.ledger.group import GroupCommit
from governance.ledger.holders import Session
from governance.ledger.leaves import record
from governance.model import ArtifactId, HolderId, HolderKind, HolderLease, Renewal
from governance.policy import Policy
from governance.vault.cipher import new_key, zero
from governance.vault.keyring import Keyring
from governance.vault.wrap import seal, seal_named, unseal_named

TRANSPORT = b"transport"


def region_digest(region: str) -> str:
    """A region as the audit log has it: its name is a setting, and the log's words are a vocabulary of their own."""
    return hashlib.sha256(region.encode()).hexdigest()


def _opened(session: Session, kind: HolderKind, at: datetime) -> Leaf:
    """With its region, so that the log alone shows where data were worked on (P9.1)."""
    return Leaf(
        event=LeafEvent.HOLDER_OPENED,
        at=at,
        holder=session.id,
        words={"kind": kind},
        digest=region_digest(session.region),
    )


class Leases:
    """See `api.HoldersApi` for what each call promises."""

    def __init__(
        self, database: Database, keys: Keyring, policy: Policy, clock: Clock, settings: LeaseSettings, max_batch: int
    ) -> None:
        self._database, self._keys, self._clock, self._settings = database, keys, clock, settings
        self._go_on_frozen = [purpose for purpose, rule in policy.purposes.items() if rule.frozen]
        self._drops: GroupCommit[tuple[HolderId, ArtifactId], None] = GroupCommit(database, _drop, max_batch)

    async def close(self) -> None:
        await self._drops.close()

    async def open_holder(self, kind: HolderKind, region: str, public_key: bytes) -> HolderLease:
        try:
            box = SealedBox(PublicKey(public_key))
        except (CryptoError, TypeError, ValueError):
            raise Refused("a holder's public key is 32 bytes of X25519") from None
        id, session_key, now = HolderId.new(), new_key(), self._clock()
        async with self._database.transaction() as conn:
            epoch = await epochs.active(conn)
            sealed = seal_named(await self._keys.secret(epoch), id, session_key)
            session = Session(id, sealed, epoch, now + self._ttl, region)
            await holders.insert(conn, session, kind, now)
            await record(conn, [_opened(session, kind, now)])
            transport = await self._transport(session_key, epoch)
        lease = HolderLease(
            holder_id=id,
            expires_at=session.expires_at,
            ttl_s=self._settings.ttl_s,
            session_key_sealed=box.encrypt(bytes(session_key)),
            transport_key_sealed=transport,
            transport_epoch=epoch,
        )
        zero(session_key)
        return lease

    async def renew(self, id: HolderId, held: Collection[ArtifactId] | None) -> Renewal:
        async with self._database.transaction() as conn:
            now = self._clock()
            session = await holders.extend(conn, id, now, now + self._ttl)
            if session is None:
                raise LeaseLost()
            drop = set(await holders.to_drop(conn, id, self._go_on_frozen))
            if held:
                drop |= set(await holders.unknown(conn, id, held))
            epoch = await epochs.active(conn)
            # While this transaction keeps both epochs from ending.
            session_key = unseal_named(await self._keys.secret(session.epoch), id, session.sealed)
            try:
                sealed = await self._transport(session_key, epoch)
            finally:
                zero(session_key)
        return Renewal(session.expires_at, self._settings.ttl_s, tuple(sorted(drop)), epoch, sealed)

    async def dropped(self, id: HolderId, ids: Sequence[ArtifactId]) -> None:
        for checked in (id, *ids):
            checked.check()
        await asyncio.gather(*(self._drops.submit((id, one)) for one in ids))

    async def close_holder(self, id: HolderId) -> None:
        async with self._database.transaction() as conn:
            if await holders.delete(conn, id):
                await record(conn, [Leaf(event=LeafEvent.HOLDER_CLOSED, at=self._clock(), holder=id)])

    async def expire(self) -> Sequence[HolderId]:
        """Forget holders whose lease has ended: they have zeroed everything by themselves."""
        async with self._database.transaction() as conn:
            now = self._clock()
            gone = await holders.delete_expired(conn, now)
            if gone:
                await record(conn, [Leaf(event=LeafEvent.HOLDER_EXPIRED, at=now, holder=one) for one in gone])
            return gone

    @property
    def _ttl(self) -> timedelta:
        return timedelta(seconds=self._settings.ttl_s)

    async def _transport(self, session_key: bytearray, epoch: int) -> bytes:
        return seal(session_key, await self._keys.transport_key(epoch), TRANSPORT)


async def _drop(conn: Connection, ops: Sequence[tuple[HolderId, ArtifactId]]) -> Sequence[None]:
    await holders.delete_holdings(conn, ops)
    return [None] * len(ops)
