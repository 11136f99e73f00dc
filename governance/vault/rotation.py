"""Epoch rotation (I7): a new epoch begins, living keys move to it, the old root key is destroyed.

What was deleted from the ledger lingers in its write-ahead log, dead rows and backups as sealed bytes only; with the
old epoch's root key gone nothing opens them. A rotation that was interrupted goes on where it stopped.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from governance.audit.leaf import Leaf, LeafEvent
from governance.clock import Clock
from governance.failpoints import FailPoint, reach
from governance.ledger import epochs, fences, rewrapping, subjects
from governance.ledger.database import Connection, Database
from governance.ledger.leaves import record
from governance.ledger.rewrapping import OldArtifact
from governance.ledger.subjects import SubjectKey
from governance.model import ArtifactState, SubjectId
from governance.vault.cipher import zero
from governance.vault.keyring import CUSTODY, Keyring
from governance.vault.wrap import seal_artifact_key, seal_named, unseal_artifact_key, unseal_named

_BATCH = 500


class Rotation:
    """Moves the ledger from one epoch to the next."""

    def __init__(self, database: Database, keys: Keyring, clock: Clock, epoch_s: float) -> None:
        self._database, self._keys, self._clock = database, keys, clock
        self._epoch = timedelta(seconds=epoch_s)

    async def rotate_when_due(self) -> None:
        """The schedule: an epoch that is old enough ends; a rotation that was interrupted goes on."""
        async with self._database.transaction() as conn:
            number, began = await epochs.lock_active(conn)
            if due := began + self._epoch <= self._clock():
                await self._begin(conn, number + 1)
        if due:
            reach(FailPoint.EPOCH_BEGUN)
        await self.finish()

    async def rotate(self) -> int:
        """End the active epoch now; gives the new one's number."""
        async with self._database.transaction() as conn:
            number, _ = await epochs.lock_active(conn)
            await self._begin(conn, number + 1)
        reach(FailPoint.EPOCH_BEGUN)
        await self.finish()
        return number + 1

    async def _begin(self, conn: Connection, number: int) -> None:
        await self._keys.begin_epoch(conn, number, self._clock())
        await record(conn, [Leaf(event=LeafEvent.EPOCH_ROTATED, at=self._clock(), counts={"epoch": number})])

    async def finish(self) -> None:
        """Empty every retiring epoch and destroy it."""
        async with self._database.transaction() as conn:
            unfinished = await rewrapping.retiring(conn)
        for old in unfinished:
            while await self._move_batch(old):
                reach(FailPoint.KEYS_MOVED)
            await self._destroy(old)

    async def _move_batch(self, old: int) -> bool:
        """False when nothing was left to move. Behind the gate: it locks people and artifacts in another order than a
        fence does."""
        async with self._database.transaction() as conn:
            await fences.pass_through(conn)
            new = await epochs.active(conn)
            moved = await self._move_subjects(conn, old, new)
            moved += await self._move_holders(conn, old, new)
            moved += await self._move_service_keys(conn, old, new)
            return bool(moved + await self._move_artifacts(conn, old, new))

    async def _move_subjects(self, conn: Connection, old: int, new: int) -> int:
        rows = await rewrapping.subjects(conn, old, _BATCH)
        moved = [(id.uuid, await self._reseal(id, sealed, old, new)) for id, sealed in rows]
        await rewrapping.save_subjects(conn, new, moved)
        return len(rows)

    async def _move_holders(self, conn: Connection, old: int, new: int) -> int:
        rows = await rewrapping.holders(conn, old, _BATCH)
        moved = [(id.uuid, await self._reseal(id, sealed, old, new)) for id, sealed in rows]
        await rewrapping.save_holders(conn, new, moved)
        return len(rows)

    async def _move_service_keys(self, conn: Connection, old: int, new: int) -> int:
        rows = await rewrapping.service_keys(conn, old)
        for name, sealed in rows:
            await rewrapping.save_service_key(conn, new, name, await self._reseal(name, sealed, old, new))
        return len(rows)

    async def _reseal(self, name: str, sealed: bytes, old: int, new: int) -> bytes:
        key = unseal_named(await self._keys.secret(old), name, sealed)
        resealed = seal_named(await self._keys.secret(new), name, key)
        zero(key)
        return resealed

    async def _move_artifacts(self, conn: Connection, old: int, new: int) -> int:
        rows = await rewrapping.artifacts(conn, old, _BATCH)
        people = await subjects.lock_keys(conn, {one for row in rows for one in row.subjects}, [])
        keys = _Opened(self._keys, list(people.values()))
        await keys.open()
        moved = []
        for row in rows:
            wrapping = (
                [keys.custody] if row.state is ArtifactState.HELD else [keys.subjects[one] for one in row.subjects]
            )
            moved.append((row.id.uuid, await self._rewrap(row, wrapping, old, new)))
        keys.zero()
        await rewrapping.save_artifacts(conn, new, moved)
        return len(rows)

    async def _rewrap(self, row: OldArtifact, wrapping: Sequence[bytearray], old: int, new: int) -> bytes:
        key = unseal_artifact_key(await self._keys.secret(old), wrapping, row.id, row.sealed)
        sealed = seal_artifact_key(await self._keys.secret(new), wrapping, row.id, key)
        zero(key)
        return sealed

    async def _destroy(self, old: int) -> None:
        """With the gate closed, so that nobody is using the secret that is zeroed."""
        async with self._database.transaction() as conn:
            await fences.close(conn)
            if old not in await rewrapping.retiring(conn) or await rewrapping.left(conn, old):
                return
            await self._keys.provider.destroy(old)
            reach(FailPoint.ROOT_KEY_DESTROYED)
            await rewrapping.destroy(conn, old, self._clock())
            await record(conn, [_destroyed(old, self._clock())])
        self._keys.forget(old)
        reach(FailPoint.EPOCH_DESTROYED)


class _Opened:
    """The keys of one batch's people, zeroed at its end."""

    def __init__(self, keys: Keyring, people: Sequence[SubjectKey]) -> None:
        self._keys, self._people = keys, people
        self.subjects: dict[SubjectId, bytearray] = {}
        self.custody = bytearray()

    async def open(self) -> None:
        self.custody = await self._keys.service_key(CUSTODY)
        for one in self._people:
            if one.sealed is not None:
                self.subjects[one.id] = unseal_named(await self._keys.secret(one.epoch), one.id, one.sealed)

    def zero(self) -> None:
        for key in (self.custody, *self.subjects.values()):
            zero(key)


def _destroyed(epoch: int, at: datetime) -> Leaf:
    return Leaf(event=LeafEvent.KEY_DESTROYED, at=at, counts={"epoch": epoch})
