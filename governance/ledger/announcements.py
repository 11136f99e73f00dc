"""Rows of announcements."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from psycopg.rows import TupleRow

from governance.ledger.database import Connection
from governance.people.model import Announcement, AnnouncementKind, NewAnnouncement, Template

AHEAD = timedelta(days=14)
TEMPLATES = {
    AnnouncementKind.POLICY: Template.POLICY_CHANGES,
    AnnouncementKind.TRANSFER: Template.BUSINESS_TRANSFER,
}

_QUERY = """
    SELECT a.version, a.kind, a.digest, a.announced_at, a.in_force_at, a.first,
           count(n.id) FILTER (WHERE n.state = 'queued'), max(n.ended_at)
    FROM announcements a LEFT JOIN notices n ON n.about = a.version
         AND n.template = CASE a.kind WHEN 'policy' THEN 'policy-changes' ELSE 'business-transfer' END
"""


def read(row: TupleRow) -> Announcement:
    told = max(row[7] or row[3], row[3])
    earliest = row[4] if row[5] else None if row[6] else told + AHEAD
    return Announcement(row[0], AnnouncementKind(row[1]), bytes(row[2]), row[3], row[6], earliest, row[4])


async def insert(conn: Connection, new: NewAnnouncement, now: datetime) -> bool:
    """False when the version was announced before."""
    cursor = await conn.execute(
        """
        INSERT INTO announcements (version, kind, digest, announced_at) VALUES (%s, %s, %s, %s)
        ON CONFLICT (version) DO NOTHING
        """,
        [new.version, new.kind, new.digest, now],
    )
    return cursor.rowcount == 1


async def insert_first(conn: Connection, new: NewAnnouncement, now: datetime) -> bool:
    """In force at once; False when there is a first one already."""
    cursor = await conn.execute(
        """
        INSERT INTO announcements (version, kind, digest, announced_at, in_force_at, first)
        VALUES (%s, %s, %s, %s, %s, true) ON CONFLICT DO NOTHING
        """,
        [new.version, new.kind, new.digest, now, now],
    )
    return cursor.rowcount == 1


async def get(conn: Connection, version: str) -> Announcement | None:
    """Locked."""
    await conn.execute("SELECT FROM announcements WHERE version = %s FOR UPDATE", [version])
    cursor = await conn.execute(f"{_QUERY} WHERE a.version = %s GROUP BY a.version", [version])
    row = await cursor.fetchone()
    return read(row) if row else None


async def everything(conn: Connection) -> Sequence[Announcement]:
    """The newest first."""
    cursor = await conn.execute(f"{_QUERY} GROUP BY a.version ORDER BY a.announced_at DESC, a.version DESC")
    return [read(row) for row in await cursor.fetchall()]


async def take_effect(conn: Connection, version: str, now: datetime) -> None:
    await conn.execute(
        "UPDATE announcements SET in_force_at = %s WHERE version = %s AND in_force_at IS NULL", [now, version]
    )
