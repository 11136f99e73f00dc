"""Everything the ledger has about one person, found by asking the catalogue which tables name people: a table that
somebody adds is part of the next dossier by itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg.sql import SQL, Identifier

from governance.ledger.artifacts import COLUMNS, read
from governance.ledger.database import Connection
from governance.ledger.runs import read as read_run
from governance.model import Artifact, Run, SubjectId

_ELSEWHERE = ("subjects", "artifacts", "artifact_subjects", "runs")
"""Told in the dossier's own parts."""

_SECRETS = "(password|secret|sealed|token|hash|signature|fingerprint)"
"""Columns that would let somebody act as the person, or that mean nothing outside of this database."""

_PEOPLE = ("subject", "owner", "giver", "receiver")
"""Columns that name people."""


@dataclass(frozen=True, slots=True)
class Table:
    """One table that names people, the columns that do, and all its columns with their SQL types."""

    name: str
    names_people: tuple[str, ...]
    columns: Mapping[str, str]


async def tables(conn: Connection) -> Sequence[Table]:
    """Every table with a column that names people, without what must not leave."""
    cursor = await conn.execute(
        """
        SELECT c.table_name, c.column_name, c.data_type FROM information_schema.columns c
        JOIN information_schema.tables t USING (table_schema, table_name)
        WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' AND c.table_name <> ALL (%s)
          AND c.data_type <> 'bytea' AND c.column_name !~ %s
        ORDER BY c.table_name, c.ordinal_position
        """,
        [list(_ELSEWHERE), _SECRETS],
    )
    found: dict[str, dict[str, str]] = {}
    for table, column, kind in await cursor.fetchall():
        found.setdefault(table, {})[column] = kind
    people = {name: tuple(one for one in _PEOPLE if one in columns) for name, columns in found.items()}
    return [Table(name, columns, found[name]) for name, columns in people.items() if columns]


async def rows(conn: Connection, table: Table, subject: SubjectId) -> Sequence[Mapping[str, Any]]:
    """Those that name one person, as JSON values."""
    columns = SQL(", ").join(Identifier(one) for one in table.columns)
    query = SQL("SELECT to_jsonb(found) FROM (SELECT {} FROM {} WHERE %s IN ({})) AS found").format(
        columns, Identifier(table.name), SQL(", ").join(Identifier(one) for one in table.names_people)
    )
    cursor = await conn.execute(query, [subject.uuid])
    return [row[0] for row in await cursor.fetchall()]


async def artifacts(conn: Connection, subject: SubjectId, state: str) -> Sequence[Artifact]:
    """Oldest first, also those past their deadline that a restriction keeps."""
    cursor = await conn.execute(
        f"""
        SELECT {COLUMNS} FROM artifacts WHERE state = %s AND id IN (
            SELECT artifact FROM artifact_subjects WHERE subject = %s) ORDER BY created_at, id
        """,
        [state, subject.uuid],
    )
    return [read(row) for row in await cursor.fetchall()]


async def runs(conn: Connection, subject: SubjectId) -> Sequence[Run]:
    """Oldest first."""
    cursor = await conn.execute(
        """
        SELECT id, purpose, basis, subjects, inputs, state, started_at FROM runs
        WHERE %s = ANY (subjects) ORDER BY started_at, id
        """,
        [subject.uuid],
    )
    return [read_run(row) for row in await cursor.fetchall()]
