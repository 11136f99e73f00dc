"""Deadlines of what was kept under an earlier, longer retention: they are only ever made earlier."""

from datetime import timedelta

from governance.ledger.database import Connection
from governance.model import Kind


async def shorten(conn: Connection, kind: Kind, kept: timedelta, limit: int) -> int:
    """Of one batch of this kind, what would stay longer than `kept`; gives how many changed."""
    cursor = await conn.execute(
        """
        UPDATE artifacts SET deadline = created_at + %(kept)s WHERE id IN (
            SELECT id FROM artifacts
            WHERE kind = %(kind)s AND state IN ('registered', 'live')
              AND (deadline IS NULL OR deadline > created_at + %(kept)s)
            ORDER BY id LIMIT %(limit)s FOR UPDATE)
        """,
        {"kind": kind, "kept": kept, "limit": limit},
    )
    return cursor.rowcount


async def inherit(conn: Connection, limit: int) -> int:
    """One batch of what would outlive what it was made from; gives how many changed."""
    cursor = await conn.execute(
        """
        UPDATE artifacts a SET deadline = early.deadline FROM (
            SELECT c.id, (SELECT min(p.deadline) FROM artifacts p WHERE p.id = ANY (c.parents)) AS deadline
            FROM artifacts c
            WHERE c.state IN ('registered', 'live') AND EXISTS (
                SELECT FROM artifacts p
                WHERE p.id = ANY (c.parents) AND p.deadline < COALESCE(c.deadline, 'infinity'))
            ORDER BY c.id LIMIT %(limit)s FOR UPDATE OF c) early
        WHERE a.id = early.id
        """,
        {"limit": limit},
    )
    return cursor.rowcount
