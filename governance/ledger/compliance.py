"""Counts for the compliance report: over the ledger's rows, and over the audit log's leaves."""

from collections.abc import Mapping
from datetime import datetime

from governance.ledger.database import Connection

_GROUPS = {
    "people": "SELECT state, count(*) FROM subjects GROUP BY 1",
    "runs": "SELECT basis, count(*) FROM runs GROUP BY 1",
    "holds": "SELECT basis, count(*) FROM holds WHERE ended_at IS NULL GROUP BY 1",
    "disclosures": "SELECT recipient, count(*) FROM disclosures GROUP BY 1",
    "transfers": "SELECT processor, count(*) FROM transfers GROUP BY 1",
    "breaches": "SELECT state, count(*) FROM breaches GROUP BY 1",
    "takedowns": "SELECT reason, count(*) FROM takedowns GROUP BY 1",
    "events": "SELECT convert_from(data, 'UTF8')::jsonb ->> 'event', count(*) FROM audit_leaves GROUP BY 1",
}

_TWO_LEVELS = {
    "artifacts": "SELECT kind, state, count(*) FROM artifacts GROUP BY 1, 2",
    "requests": """
        SELECT kind, state, count(*) FROM rights_requests GROUP BY 1, 2
        UNION ALL SELECT kind, CASE state WHEN 'completed' THEN 'answered' ELSE 'working' END, count(*)
        FROM requests GROUP BY 1, 2
    """,
}


async def grouped(conn: Connection, what: str) -> Mapping[str, int]:
    cursor = await conn.execute(_GROUPS[what].encode())
    return {row[0]: row[1] for row in sorted(await cursor.fetchall())}


async def two_levels(conn: Connection, what: str) -> Mapping[str, Mapping[str, int]]:
    cursor = await conn.execute(_TWO_LEVELS[what].encode())
    found: dict[str, dict[str, int]] = {}
    for first, second, count in sorted(await cursor.fetchall()):
        found.setdefault(first, {})[second] = count
    return found


async def past_deadline(conn: Connection, since: datetime) -> int:
    """What should have gone before then: live, past its deadline, and kept by no restriction."""
    return await _number(
        conn,
        """
        SELECT count(*) FROM artifacts a WHERE a.state = 'live' AND a.deadline < %s
          AND NOT EXISTS (SELECT FROM subjects s WHERE s.id = ANY (a.subjects) AND s.state = 'frozen')
        """,
        since,
    )


async def answered_late(conn: Connection) -> int:
    return await _number(
        conn,
        """
        SELECT (SELECT count(*) FROM rights_requests WHERE state IN ('answered', 'refused') AND answered_at > due_at)
             + (SELECT count(*) FROM requests WHERE completed_at > due_at)
        """,
    )


async def open_overdue(conn: Connection, now: datetime) -> int:
    return await _number(
        conn,
        """
        SELECT (SELECT count(*) FROM rights_requests WHERE state IN ('received', 'working') AND due_at < %s)
             + (SELECT count(*) FROM requests WHERE state <> 'completed' AND due_at < %s)
        """,
        now,
        now,
    )


async def late_breaches(conn: Connection, now: datetime) -> int:
    """Notified after 72 hours, or not at all."""
    return await _number(
        conn,
        "SELECT count(*) FROM breaches WHERE risk <> 'unlikely' AND coalesce(notified_at, closed_at, %s) > due_at",
        now,
    )


async def erasure_seconds(conn: Connection) -> Mapping[str, float]:
    """How many were completed, and how long they took from the request to the certificate."""
    cursor = await conn.execute(
        """
        SELECT count(*), coalesce(avg(extract(epoch FROM completed_at - created_at)), 0)::float8,
               coalesce(max(extract(epoch FROM completed_at - created_at)), 0)::float8
        FROM requests WHERE state = 'completed'
        """
    )
    row = await cursor.fetchone()
    assert row is not None
    return {"completed": float(row[0]), "mean_s": row[1], "longest_s": row[2]}


async def erased_artifacts(conn: Connection) -> int:
    return await _number(conn, "SELECT count(*) FROM artifacts WHERE state = 'erased'")


async def runs_without_basis(conn: Connection) -> int:
    return await _number(conn, "SELECT count(*) FROM runs WHERE basis = '' OR purpose = ''")


async def changed_leaves(conn: Connection) -> int:
    """Entries of the log that do not have the hash they had when they were appended."""
    return await _number(conn, "SELECT count(*) FROM audit_leaves WHERE sha256('\\x00'::bytea || data) <> hash")


async def _number(conn: Connection, query: str, *values: datetime) -> int:
    cursor = await conn.execute(query.encode(), list(values))
    row = await cursor.fetchone()
    assert row is not None
    return int(row[0])
