"""Reads a part of the graph from the ledger."""

from governance.ledger import artifacts, closure, runs
from governance.ledger.database import Database
from governance.lineage.graph import Lineage
from governance.model import ArtifactId


class LineageReader:
    """Ids, kinds and times of what is live; what was erased is no longer known here."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def around(self, id: ArtifactId) -> Lineage:
        """The artifact, all it was made from and all that came of it, with the runs between."""
        async with self._database.transaction() as conn:
            ids = {*await closure.ancestors(conn, id), *await closure.descendants(conn, [id.uuid])}
            found = await artifacts.live(conn, list(ids))
            made_in = {one.run for one in found if one.run is not None}
            return Lineage.of(found, await runs.several(conn, list(made_in)))
