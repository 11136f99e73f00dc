"""Rows of personal data breaches."""

from collections.abc import Sequence
from datetime import datetime

from psycopg.rows import TupleRow

from governance.ledger.database import Connection
from governance.model import Kind
from governance.rights.model import Breach, BreachId, BreachNature, BreachRisk, BreachState

_COLUMNS = (
    "id, reference, nature, kinds, people, risk, state, found_at, due_at, notified_at, late_reason, people_told_at, "
    "closed_at"
)


def read(row: TupleRow) -> Breach:
    return Breach(
        id=BreachId.of(row[0]),
        reference=row[1],
        nature=tuple(BreachNature(one) for one in row[2]),
        kinds=tuple(Kind(one) for one in row[3]),
        people=row[4],
        risk=BreachRisk(row[5]),
        state=BreachState(row[6]),
        found_at=row[7],
        due_at=row[8],
        notified_at=row[9],
        late_reason=row[10],
        people_told_at=row[11],
        closed_at=row[12],
    )


async def insert(conn: Connection, one: Breach) -> None:
    await conn.execute(
        """
        INSERT INTO breaches (id, reference, nature, kinds, people, risk, state, found_at, due_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [
            one.id.uuid,
            one.reference,
            [str(each) for each in one.nature],
            [str(each) for each in one.kinds],
            one.people,
            one.risk,
            one.state,
            one.found_at,
            one.due_at,
        ],
    )


async def lock(conn: Connection, id: BreachId) -> Breach | None:
    cursor = await conn.execute(f"SELECT {_COLUMNS} FROM breaches WHERE id = %s FOR UPDATE", [id.uuid])
    row = await cursor.fetchone()
    return read(row) if row else None


async def listed(conn: Connection) -> Sequence[Breach]:
    """Newest first."""
    cursor = await conn.execute(f"SELECT {_COLUMNS} FROM breaches ORDER BY found_at DESC, id")
    return [read(row) for row in await cursor.fetchall()]


async def notify(conn: Connection, id: BreachId, now: datetime, late_reason: str | None) -> None:
    await conn.execute(
        "UPDATE breaches SET state = 'notified', notified_at = %s, late_reason = %s WHERE id = %s",
        [now, late_reason, id.uuid],
    )


async def tell_people(conn: Connection, id: BreachId, now: datetime) -> None:
    await conn.execute(
        "UPDATE breaches SET people_told_at = coalesce(people_told_at, %s) WHERE id = %s", [now, id.uuid]
    )


async def close(conn: Connection, id: BreachId, now: datetime) -> None:
    await conn.execute("UPDATE breaches SET state = 'closed', closed_at = %s WHERE id = %s", [now, id.uuid])
