"""Make a backup."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

from governance.audit.leaf import Leaf, LeafEvent
from governance.backup.manifest import BLOBS, LEDGER, MANIFEST, Manifest
from governance.bootstrap import Parts
from governance.clock import Clock
from governance.errors import Conflict, Gone
from governance.ids import RequestId
from governance.ledger import artifacts, dump, epochs, migrate
from governance.ledger.leaves import record
from governance.vault.cipher import Sealer
from governance.vault.wrap import derive


async def make_backup(parts: Parts, folder: Path, clock: Clock) -> Manifest:
    """Into a new folder; the manifest is written last, so that a backup without one is not a backup.

    Raises `Conflict` when the folder is not empty."""
    if folder.exists() and any(folder.iterdir()):
        raise Conflict(f"{folder} is not empty: give a backup a folder of its own")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    async with parts.database.transaction() as conn:
        epoch = await epochs.active(conn)
        sealed_secret = await epochs.sealed_secret(conn, epoch)
        await record(conn, [Leaf(event=LeafEvent.BACKUP_MADE, at=clock(), counts={"epoch": epoch})])
    assert sealed_secret is not None, "the active epoch has its secret"
    manifest = Manifest(
        id=RequestId.new().digits,
        made_at=clock(),
        epoch=epoch,
        sealed_secret=sealed_secret.hex(),
        migrations=len(migrate.shipped()),
        blobs=0,
    )
    await _write_ledger(parts, folder / LEDGER, manifest)
    manifest = manifest.model_copy(update={"blobs": await _copy_blobs(parts, folder / BLOBS)})
    _write_durably(folder / MANIFEST, manifest.model_dump_json(indent=2).encode())
    return manifest


async def _write_ledger(parts: Parts, path: Path, manifest: Manifest) -> None:
    key = derive(await parts.keys.secret(manifest.epoch), "backup", manifest.id.encode())
    sealer = Sealer(key, manifest.binding())
    with path.open("xb") as file:
        file.write(sealer.header)
        async for frame in _frames(parts):
            file.write(sealer.update(frame))
        file.write(sealer.finish())
        await asyncio.to_thread(_flush, file.fileno())


async def _frames(parts: Parts) -> AsyncIterator[bytes]:
    async with parts.database.transaction() as conn:
        async for frame in dump.read_all(conn):
            yield frame


async def _copy_blobs(parts: Parts, folder: Path) -> int:
    """The sealed bytes of everything that is live; what is erased meanwhile is left out."""
    folder.mkdir(mode=0o700)
    async with parts.database.transaction() as conn:
        stored = await artifacts.all_stored(conn)
    copied = 0
    for one in stored:
        assert one.version_id is not None
        try:
            data = await parts.store.get(one.artifact.location, one.version_id)
        except Gone:
            continue
        path = folder / one.artifact.id
        await asyncio.to_thread(path.write_bytes, data)
        copied += 1
    return copied


def _write_durably(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)
        _flush(file.fileno())


def _flush(descriptor: int) -> None:
    os.fsync(descriptor)
