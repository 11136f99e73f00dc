"""Rows of events: numbered, read, warned of, forgotten. Triggers write them (migration 0041)."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb

from governance.events.model import EventType, Happening
from governance.ids import EventId, SubjectId, WebhookId
from governance.ledger.database import Connection

COLUMNS = "e.id, e.number, e.type, e.data, e.at"


def read(row: TupleRow) -> Happening:
    """From the columns in `COLUMNS`."""
    return Happening(EventId.of(row[0]), row[1], EventType(row[2]), row[3], row[4])


async def number_fresh(conn: Connection, limit: int, now: datetime) -> Sequence[UUID]:
    """Gives the next numbers to lines that have none, in the order they were written. The head's lock makes one batch
    end before the next one begins."""
    cursor = await conn.execute("SELECT number FROM event_head FOR UPDATE")
    row = await cursor.fetchone()
    assert row is not None, "the migration wrote it"
    cursor = await conn.execute(
        """
        UPDATE events e SET number = %s + fresh.place, at = %s
        FROM (SELECT id, row_number() OVER (ORDER BY written) AS place FROM (
                  SELECT id, written FROM events WHERE number IS NULL ORDER BY written LIMIT %s) AS oldest) AS fresh
        WHERE e.id = fresh.id RETURNING e.id
        """,
        [row[0], now, limit],
    )
    ids = [found[0] for found in await cursor.fetchall()]
    if ids:
        await conn.execute("UPDATE event_head SET number = number + %s", [len(ids)])
    return ids


async def has_fresh(conn: Connection) -> bool:
    cursor = await conn.execute("SELECT EXISTS (SELECT FROM events WHERE number IS NULL)")
    row = await cursor.fetchone()
    return bool(row and row[0])


async def of_subject(
    conn: Connection, owner: SubjectId, after: int, about: UUID | None, limit: int
) -> Sequence[Happening]:
    """Oldest first."""
    cursor = await conn.execute(
        f"""
        SELECT {COLUMNS} FROM events e WHERE e.subject = %(owner)s AND e.number > %(after)s
          AND (%(about)s::uuid IS NULL OR e.about = %(about)s) ORDER BY e.number LIMIT %(limit)s
        """,
        {"owner": owner.uuid, "after": after, "about": about, "limit": limit},
    )
    return [read(row) for row in await cursor.fetchall()]


async def head(conn: Connection) -> int:
    """The last number given so far."""
    cursor = await conn.execute("SELECT number FROM event_head")
    row = await cursor.fetchone()
    assert row is not None, "the migration wrote it"
    return int(row[0])


async def warn_of_deadlines(conn: Connection, now: datetime, until: datetime, limit: int) -> int:
    """One line for each artifact that a person sees and that expires before `until`."""
    cursor = await conn.execute(
        """
        INSERT INTO events (subject, type, about, data)
        SELECT s.id, 'artifact.will_expire', a.id, jsonb_build_object(
            'artifact', public_id('art', a.id), 'kind', a.kind, 'deadline', a.deadline)
        FROM artifacts a JOIN subjects s ON s.id = ANY (a.subjects) AND s.state = 'active'
        WHERE a.state = 'live' AND a.deadline > %s AND a.deadline <= %s AND a.kind IN ('photo', 'adapter', 'image')
          AND NOT EXISTS (SELECT FROM events e WHERE e.type = 'artifact.will_expire' AND e.subject = s.id
                          AND e.about = a.id)
        ORDER BY a.deadline LIMIT %s
        ON CONFLICT (subject, about) WHERE type = 'artifact.will_expire' DO NOTHING
        """,
        [now, until, limit],
    )
    return cursor.rowcount


async def insert_test(conn: Connection, owner: SubjectId, webhook: WebhookId) -> EventId:
    """A line for one webhook alone."""
    id = EventId.new()
    await conn.execute(
        "INSERT INTO events (id, subject, type, about, data) VALUES (%s, %s, %s, %s, %s)",
        [id.uuid, owner.uuid, EventType.WEBHOOK_TEST, webhook.uuid, Jsonb({"webhook": webhook})],
    )
    return id


async def forget(conn: Connection, before: datetime, erased_since: datetime) -> None:
    """Old ones, and what a transaction wrote at the moment its person was erased."""
    await conn.execute("DELETE FROM events WHERE at < %s", [before])
    await conn.execute(
        """
        DELETE FROM events WHERE subject IN (
            SELECT id FROM subjects WHERE state = 'erasing' OR (state = 'erased' AND erased_at >= %s))
        """,
        [erased_since],
    )
