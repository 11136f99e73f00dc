"""Rows of what was given to others: disclosures the law demanded, transfers to processors, takedowns."""

from collections.abc import Sequence
from datetime import datetime

from psycopg.rows import TupleRow

from governance.ledger.database import Connection
from governance.model import Kind, Request, SubjectId
from governance.rights.model import (
    Disclosure,
    DisclosureId,
    NewTransfer,
    Recipient,
    TakedownReason,
    Transfer,
    TransferId,
)


async def insert(conn: Connection, one: Disclosure) -> None:
    await conn.execute(
        """
        INSERT INTO disclosures (id, subject, recipient, basis, reference, kinds, disclosed_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s)
        """,
        [
            one.id.uuid,
            one.subject.uuid,
            one.recipient,
            one.basis,
            one.reference,
            [str(kind) for kind in one.kinds],
            one.disclosed_at,
        ],
    )


async def listed(conn: Connection, subject: SubjectId | None) -> Sequence[Disclosure]:
    """Newest first."""
    cursor = await conn.execute(
        """
        SELECT id, subject, recipient, basis, reference, kinds, disclosed_at FROM disclosures
        WHERE %(subject)s::uuid IS NULL OR subject = %(subject)s ORDER BY disclosed_at DESC, id
        """,
        {"subject": subject.uuid if subject else None},
    )
    return [_disclosure(row) for row in await cursor.fetchall()]


async def insert_transfer(conn: Connection, id: TransferId, new: NewTransfer, now: datetime) -> None:
    await conn.execute(
        "INSERT INTO transfers (id, processor, subject, artifact, fields, sent_at) VALUES (%s, %s, %s, %s, %s, %s)",
        [
            id.uuid,
            new.processor,
            new.subject.uuid,
            new.artifact.uuid if new.artifact else None,
            list(new.fields),
            now,
        ],
    )


async def transfers(conn: Connection, subject: SubjectId) -> Sequence[Transfer]:
    """Oldest first."""
    cursor = await conn.execute(
        "SELECT id, processor, subject, fields, sent_at FROM transfers WHERE subject = %s ORDER BY sent_at, id",
        [subject.uuid],
    )
    return [
        Transfer(TransferId.of(row[0]), row[1], SubjectId.of(row[2]), tuple(row[3]), row[4])
        for row in await cursor.fetchall()
    ]


async def recipients(conn: Connection) -> Sequence[Recipient]:
    """The register of processors."""
    cursor = await conn.execute("SELECT name, region, purpose, fields FROM processors ORDER BY name")
    return [Recipient(row[0], row[1], row[2], tuple(row[3])) for row in await cursor.fetchall()]


async def insert_takedown(conn: Connection, request: Request, reason: TakedownReason, now: datetime) -> datetime:
    """The first order stays; gives when that was."""
    await conn.execute(
        "INSERT INTO takedowns (request, reason, ordered_at) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
        [request.id.uuid, reason, now],
    )
    cursor = await conn.execute("SELECT ordered_at FROM takedowns WHERE request = %s", [request.id.uuid])
    row = await cursor.fetchone()
    assert row is not None, "it was inserted here or before"
    at: datetime = row[0]
    return at


def _disclosure(row: TupleRow) -> Disclosure:
    return Disclosure(
        id=DisclosureId.of(row[0]),
        subject=SubjectId.of(row[1]),
        recipient=row[2],
        basis=row[3],
        reference=row[4],
        kinds=tuple(Kind(one) for one in row[5]),
        disclosed_at=row[6],
    )
