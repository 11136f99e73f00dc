"""Rows of usage by day."""

from collections.abc import Sequence
from datetime import date, datetime

from governance.ledger.database import Connection
from governance.statistics.model import UsageDay


async def is_counted(conn: Connection, day: date) -> bool:
    cursor = await conn.execute("SELECT EXISTS (SELECT FROM usage_counted WHERE day = %s)", [day])
    row = await cursor.fetchone()
    return bool(row and row[0])


async def count(conn: Connection, day: date, since: datetime, until: datetime, smallest: int) -> None:
    """Sums of one whole day; the numbers of small groups never leave this statement."""
    await conn.execute(
        """
        WITH done AS (
            SELECT 'accounts' AS what, s.id AS person FROM subjects s WHERE s.created_at >= %(since)s
                AND s.created_at < %(until)s
            UNION ALL
            SELECT CASE a.kind WHEN 'image' THEN 'pictures' ELSE 'photos' END, e.subject
            FROM artifacts a JOIN artifact_subjects e ON e.artifact = a.id
            WHERE a.kind IN ('photo', 'image') AND a.created_at >= %(since)s AND a.created_at < %(until)s
            UNION ALL
            SELECT 'trainings', j.owner FROM jobs j WHERE j.created_at >= %(since)s AND j.created_at < %(until)s),
        sums AS (
            SELECT s.region, done.what, count(DISTINCT done.person) AS people, count(*) AS amount
            FROM done JOIN subjects s ON s.id = done.person GROUP BY 1, 2)
        INSERT INTO usage_days (day, region, what, people, amount)
        SELECT %(day)s, region, what, CASE WHEN people >= %(smallest)s THEN people END,
               CASE WHEN people >= %(smallest)s THEN amount END FROM sums
        ON CONFLICT DO NOTHING
        """,
        {"day": day, "since": since, "until": until, "smallest": smallest},
    )
    await conn.execute("INSERT INTO usage_counted (day) VALUES (%s) ON CONFLICT DO NOTHING", [day])


async def between(conn: Connection, first: date, last: date) -> Sequence[UsageDay]:
    """Newest day first."""
    cursor = await conn.execute(
        """
        SELECT day, region, what, people, amount FROM usage_days WHERE day BETWEEN %s AND %s
        ORDER BY day DESC, region, what
        """,
        [first, last],
    )
    return [UsageDay(*row) for row in await cursor.fetchall()]
