"""Rows of tickets and their messages."""

from collections.abc import Sequence
from datetime import datetime

from psycopg.rows import TupleRow

from governance.ids import ArtifactId, SubjectId, TicketId
from governance.ledger.database import Connection
from governance.support.model import Author, Message, NewMessage, Ticket, TicketState

_COLUMNS = "id, subject, state, created_at, changed_at"


def _read(row: TupleRow) -> Ticket:
    return Ticket(TicketId.of(row[0]), SubjectId.of(row[1]), TicketState(row[2]), row[3], row[4])


async def insert(conn: Connection, id: TicketId, owner: SubjectId, now: datetime) -> None:
    """Once."""
    await conn.execute(
        """
        INSERT INTO tickets (id, subject, state, created_at, changed_at) VALUES (%s, %s, 'open', %s, %s)
        ON CONFLICT (id) DO NOTHING
        """,
        [id.uuid, owner.uuid, now, now],
    )


async def get(conn: Connection, id: TicketId) -> Ticket | None:
    """Locked, without its messages."""
    cursor = await conn.execute(f"SELECT {_COLUMNS} FROM tickets WHERE id = %s FOR UPDATE", [id.uuid])
    row = await cursor.fetchone()
    return _read(row) if row else None


async def owner_of(conn: Connection, id: TicketId) -> SubjectId | None:
    cursor = await conn.execute("SELECT subject FROM tickets WHERE id = %s", [id.uuid])
    row = await cursor.fetchone()
    return SubjectId.of(row[0]) if row else None


async def of_subject(conn: Connection, owner: SubjectId, before: TicketId | None, limit: int) -> Sequence[Ticket]:
    """Newest first."""
    cursor = await conn.execute(
        f"""
        SELECT {_COLUMNS} FROM tickets WHERE subject = %(owner)s AND (%(before)s::uuid IS NULL OR id < %(before)s)
        ORDER BY id DESC LIMIT %(limit)s
        """,
        {"owner": owner.uuid, "before": before.uuid if before else None, "limit": limit},
    )
    return [_read(row) for row in await cursor.fetchall()]


async def open_ones(conn: Connection, after: TicketId | None, limit: int) -> Sequence[Ticket]:
    """Oldest first."""
    cursor = await conn.execute(
        f"""
        SELECT {_COLUMNS} FROM tickets WHERE state = 'open' AND (%(after)s::uuid IS NULL OR id > %(after)s)
        ORDER BY id LIMIT %(limit)s
        """,
        {"after": after.uuid if after else None, "limit": limit},
    )
    return [_read(row) for row in await cursor.fetchall()]


async def set_state(conn: Connection, id: TicketId, state: TicketState, now: datetime) -> None:
    await conn.execute("UPDATE tickets SET state = %s, changed_at = %s WHERE id = %s", [state, now, id.uuid])


async def add_message(conn: Connection, ticket: Ticket, new: NewMessage, now: datetime) -> None:
    """Once: the same text is the same message."""
    await conn.execute(
        """
        INSERT INTO ticket_messages (message, ticket, subject, author, attachments, at)
        VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (message) DO NOTHING
        """,
        [
            new.text.uuid, ticket.id.uuid, ticket.owner.uuid, new.author, [one.uuid for one in new.attachments], now,
        ],
    )  # fmt: skip


async def messages(conn: Connection, id: TicketId) -> Sequence[Message]:
    """Oldest first."""
    cursor = await conn.execute(
        "SELECT author, message, attachments, at FROM ticket_messages WHERE ticket = %s ORDER BY at, message", [id.uuid]
    )
    return [
        Message(Author(row[0]), ArtifactId.of(row[1]), tuple(ArtifactId.of(one) for one in row[2]), row[3])
        for row in await cursor.fetchall()
    ]
