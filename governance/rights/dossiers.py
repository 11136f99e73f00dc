"""Everything the ledger knows of a person, as that person may see it: the plan of an export (P7.1, P7.4)."""

from collections.abc import Sequence
from dataclasses import replace

from governance.clock import Clock
from governance.errors import Gone
from governance.ledger import disclosures, dossier, subjects
from governance.ledger.database import Database
from governance.lineage.graph import Lineage
from governance.model import ArtifactId, SubjectId, SubjectStatus
from governance.rights.model import Dossier


class Dossiers:
    """Read in one transaction, so that it is complete as of one moment."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def of(self, id: SubjectId) -> Dossier:
        """`NotFound`, `Gone`."""
        async with self._database.transaction() as conn:
            subject = await subjects.get(conn, id.check())
            if subject.status in (SubjectStatus.ERASING, SubjectStatus.ERASED):
                raise Gone()
            runs = await dossier.runs(conn, id)
            seen = Lineage.of(await dossier.artifacts(conn, id, "live"), runs).seen_by(id)
            held = Lineage.of(await dossier.artifacts(conn, id, "held"), ()).seen_by(id)
            sent = await disclosures.transfers(conn, id)
            tables = await dossier.tables(conn)
            return Dossier(
                subject=subject,
                artifacts=tuple(seen.artifacts.values()),
                held=tuple(held.artifacts.values()),
                runs=tuple(replace(run, subjects=(id,), inputs=_mine(run.inputs, seen)) for run in runs),
                recipients=tuple(
                    replace(one, transfers=tuple(each for each in sent if each.processor == one.name))
                    for one in await disclosures.recipients(conn)
                ),
                records={table.name: await dossier.rows(conn, table, id) for table in tables},
                columns={table.name: table.columns for table in tables},
                taken_at=self._clock(),
            )


def _mine(inputs: Sequence[ArtifactId], seen: Lineage) -> tuple[ArtifactId, ...]:
    """Without what is another person's."""
    return tuple(one for one in inputs if one in seen.artifacts)
