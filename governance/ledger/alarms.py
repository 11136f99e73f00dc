"""Rows of alarms: each clock that nears its end, or has passed it, raises one for each stage."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from psycopg.rows import TupleRow

from governance.ledger.database import Connection
from governance.model import RequestId
from governance.rights.model import Alarm, BreachId, ClockKind, Stage

_CLOCKS = """
    SELECT id, 'right' AS kind, warn_at, due_at FROM rights_requests WHERE state IN ('received', 'working')
    UNION ALL
    SELECT id, 'erasure', due_at - %(erasure)s, due_at FROM requests WHERE state <> 'completed' AND kind = 'erasure'
    UNION ALL
    SELECT id, 'breach', due_at - %(breach)s, due_at FROM breaches WHERE notified_at IS NULL AND closed_at IS NULL
"""


async def raise_due(conn: Connection, now: datetime, erasure: timedelta, breach: timedelta) -> Sequence[Alarm]:
    """Alarms that were not raised before; `erasure` and `breach`: how long before their end those clocks warn."""
    cursor = await conn.execute(
        f"""
        WITH clocks AS ({_CLOCKS}), raised AS (
            INSERT INTO alarms (about, stage, raised_at)
            SELECT id, 'soon', %(now)s FROM clocks WHERE warn_at <= %(now)s
            UNION ALL SELECT id, 'overdue', %(now)s FROM clocks WHERE due_at <= %(now)s
            ON CONFLICT DO NOTHING RETURNING about, stage, raised_at)
        SELECT about, kind, stage, due_at, raised_at FROM raised JOIN clocks ON clocks.id = raised.about
        """,
        {"now": now, "erasure": erasure, "breach": breach},
    )
    return [_read(row) for row in await cursor.fetchall()]


async def standing(conn: Connection) -> Sequence[Alarm]:
    """The latest stage of every clock that still runs, the most urgent first."""
    cursor = await conn.execute(
        f"""
        WITH clocks AS ({_CLOCKS})
        SELECT DISTINCT ON (clocks.due_at, about) about, kind, stage, due_at, raised_at
        FROM alarms JOIN clocks ON clocks.id = alarms.about ORDER BY clocks.due_at, about, stage
        """,
        {"erasure": timedelta(), "breach": timedelta()},
    )
    return [_read(row) for row in await cursor.fetchall()]


def _read(row: TupleRow) -> Alarm:
    kind = ClockKind(row[1])
    about = BreachId.of(row[0]) if kind is ClockKind.BREACH else RequestId.of(row[0])
    return Alarm(about, kind, Stage(row[2]), row[3], row[4])
