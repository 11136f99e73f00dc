"""Bytes without a living row: a writer that was cut off may finish its last PUT after everything else is gone."""

from collections.abc import Sequence

from governance.blobs.store import BlobStore
from governance.ids import ArtifactId
from governance.ledger import artifacts
from governance.ledger.database import Database


class Orphans:
    """Compares the bucket with the ledger; keys of another shape are not ours and stay.

    Rows come before bytes (I1), so a key that was listed has its row by the time rows are read."""

    def __init__(self, database: Database, store: BlobStore) -> None:
        self._database, self._store = database, store

    async def find(self) -> Sequence[str]:
        """Keys that belong to no artifact that may have bytes."""
        keys = await self._store.keys()
        named = {key: ArtifactId(f"art_{key.rpartition('/')[2]}") for key in keys}
        ours = {key: id for key, id in named.items() if id.is_well_formed}
        async with self._database.transaction() as conn:
            living = await artifacts.with_bytes(conn, ours.values())
        return [key for key, id in ours.items() if id not in living]

    async def sweep(self) -> Sequence[str]:
        """Erase them; gives what was erased."""
        found = await self.find()
        if found:
            await self._store.erase(found)
        return found
