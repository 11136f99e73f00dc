"""Rows of runs."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from psycopg.rows import TupleRow

from governance.ids import digits
from governance.ledger.database import Connection
from governance.model import ArtifactId, LegalBasis, Purpose, Run, RunId, RunState, SubjectId

_COLUMNS = "id, purpose, basis, subjects, inputs, state, started_at"


def read(row: TupleRow) -> Run:
    return Run(
        RunId.of(row[0]),
        Purpose(row[1]),
        LegalBasis(row[2]),
        tuple(SubjectId.of(one) for one in row[3]),
        tuple(ArtifactId.of(one) for one in row[4]),
        RunState(row[5]),
        row[6],
    )


async def insert(conn: Connection, run: Run) -> None:
    await conn.execute(
        """
        INSERT INTO runs (id, purpose, basis, subjects, inputs, state, started_at) VALUES (%s, %s, %s, %s, %s, %s, %s)
        """,
        [
            run.id.uuid,
            run.purpose,
            run.basis,
            [one.uuid for one in run.subjects],
            [one.uuid for one in run.inputs],
            run.state,
            run.started_at,
        ],
    )


async def lock_states(conn: Connection, ids: Iterable[RunId]) -> Mapping[RunId, RunState]:
    cursor = await conn.execute(
        "SELECT id, state FROM runs WHERE id = ANY (%s::uuid[]) ORDER BY id FOR SHARE", [digits(ids)]
    )
    return {RunId.of(row[0]): RunState(row[1]) for row in await cursor.fetchall()}


async def finish(conn: Connection, id: RunId, outcome: RunState, now: datetime) -> Run | None:
    """None when it is unknown or has ended already."""
    cursor = await conn.execute(
        f"UPDATE runs SET state = %s, finished_at = %s WHERE id = %s AND state = 'running' RETURNING {_COLUMNS}",
        [outcome, now, id.uuid],
    )
    row = await cursor.fetchone()
    return read(row) if row else None


async def get(conn: Connection, id: RunId) -> Run | None:
    cursor = await conn.execute(f"SELECT {_COLUMNS} FROM runs WHERE id = %s", [id.uuid])
    row = await cursor.fetchone()
    return read(row) if row else None


async def several(conn: Connection, ids: Iterable[RunId]) -> Sequence[Run]:
    cursor = await conn.execute(f"SELECT {_COLUMNS} FROM runs WHERE id = ANY (%s::uuid[])", [digits(ids)])
    return [read(row) for row in await cursor.fetchall()]
