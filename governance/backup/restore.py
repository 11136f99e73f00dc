"""Restore a backup: rows, then decisions and erasures since, then bytes; nothing serves before all is done (I8)."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from governance.audit.leaf import Leaf, LeafEvent
from governance.backup.decisions import Decisions
from governance.backup.manifest import BLOBS, LEDGER, Manifest, read_manifest
from governance.blobs.s3 import S3BlobStore
from governance.blobs.store import BlobStore
from governance.bootstrap import Extras, key_provider, replaying
from governance.config import GovernanceSettings
from governance.erasure.expiry import Expiry
from governance.errors import Conflict
from governance.ledger import artifacts, dump
from governance.ledger.artifacts import Sealed
from governance.ledger.database import Database
from governance.ledger.leaves import record
from governance.ledger.migrate import migrate
from governance.vault.cipher import open_chunks
from governance.vault.wrap import derive

_READ_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Restored:
    """`erased_again`: requests replayed; `uploaded`: blobs put back; `missing`: live artifacts without bytes;
    `decided_again`: holds, restrictions, objections and withdrawals that the backup did not know."""

    erased_again: int
    uploaded: int
    missing: int
    decided_again: int


async def restore_backup(settings: GovernanceSettings, folder: Path, extras: Extras) -> Restored:
    """Into an empty database, with the bucket and journal as they are. Stop the service first.

    Raises `KeyUnavailable` when the backup's epoch has ended, `Tampered`, `Conflict`."""
    manifest = read_manifest(folder)
    provider = extras.provider or key_provider(settings.vault)
    secret = await provider.unseal(manifest.epoch, bytes.fromhex(manifest.sealed_secret))
    database = await Database.open(settings.ledger)
    try:
        await _load(database, folder, manifest, secret, extras)
        store = extras.store or S3BlobStore(settings.blobs)
        await store.prepare()
        decided, erased = await _replay(settings, extras, database)
        uploaded, missing = await _upload(database, store, folder / BLOBS)
        return Restored(erased, uploaded, missing, decided)
    finally:
        await database.close()


async def _load(database: Database, folder: Path, manifest: Manifest, secret: bytearray, extras: Extras) -> None:
    await migrate(database)
    if len(await _migrations(database)) != manifest.migrations:
        raise Conflict("the backup is of another version: restore it with that one, then upgrade")
    key = derive(secret, "backup", manifest.id.encode())
    chunks = open_chunks(key, manifest.binding(), _pieces(folder / LEDGER))
    async with database.transaction() as conn:
        await dump.load_all(conn, dump.frames_of(chunks))
        await record(conn, [Leaf(event=LeafEvent.BACKUP_RESTORED, at=extras.clock())])


async def _migrations(database: Database) -> list[int]:
    async with database.transaction() as conn:
        cursor = await conn.execute("SELECT number FROM migrations")
        return [row[0] for row in await cursor.fetchall()]


async def _replay(settings: GovernanceSettings, extras: Extras, database: Database) -> tuple[int, int]:
    """Decide again what was decided after the backup was made, then fence again whatever was erased since (a hold keeps
    what it kept), and what has come to its deadline meanwhile (of nobody who restricted)."""
    fence, journal = await replaying(settings, extras, database)
    decided = await Decisions(database, journal, extras.clock).decide_again()
    replayed = 0
    for entry in await journal.entries():
        replayed += await fence.replay(entry)
    expiry = Expiry(database, fence, extras.clock, settings.erasure)
    while await expiry.sweep():
        pass
    return decided, replayed


async def _upload(database: Database, store: BlobStore, folder: Path) -> tuple[int, int]:
    async with database.transaction() as conn:
        stored = await artifacts.all_stored(conn)
    uploaded = missing = 0
    for one in stored:
        if not await store.left([one.artifact.location]):
            found = await _put_back(database, store, folder, one)
            uploaded, missing = uploaded + found, missing + (not found)
    return uploaded, missing


async def _put_back(database: Database, store: BlobStore, folder: Path, one: Sealed) -> bool:
    path = folder / one.artifact.id
    data = path.read_bytes() if path.exists() else b""
    if sha256(data).digest() != one.sha256:
        return False
    version = await store.put(one.artifact.location, data)
    async with database.transaction() as conn:
        await artifacts.set_version(conn, one.artifact.id, version)
    return True


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_READ_BYTES):
            yield piece
