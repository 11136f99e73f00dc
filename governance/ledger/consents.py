"""Rows of consents."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from psycopg.rows import TupleRow

from governance.ids import ConsentId, SubjectId
from governance.ledger.database import Connection
from governance.people.model import Consent, ConsentPurpose

_COLUMNS = "id, subject, purpose, policy_version, given_at, withdrawn_at"


def read(row: TupleRow) -> Consent:
    return Consent(ConsentId.of(row[0]), SubjectId.of(row[1]), ConsentPurpose(row[2]), row[3], row[4], row[5])


async def give(conn: Connection, new: Consent) -> bool:
    """False when one is live already."""
    cursor = await conn.execute(
        """
        INSERT INTO consents (id, subject, purpose, policy_version, given_at) VALUES (%s, %s, %s, %s, %s)
        ON CONFLICT (subject, purpose) WHERE withdrawn_at IS NULL DO NOTHING
        """,
        [new.id.uuid, new.subject.uuid, new.purpose, new.policy_version, new.given_at],
    )
    return cursor.rowcount == 1


async def withdraw(
    conn: Connection, subject: SubjectId, purpose: ConsentPurpose, now: datetime, given_by: datetime | None = None
) -> Consent | None:
    """What it was; None when none is live, or with `given_by` none that was given by then."""
    cursor = await conn.execute(
        f"""
        UPDATE consents SET withdrawn_at = %s WHERE subject = %s AND purpose = %s AND withdrawn_at IS NULL
        AND given_at <= coalesce(%s, 'infinity'::timestamptz) RETURNING {_COLUMNS}
        """,
        [now, subject.uuid, purpose, given_by],
    )
    row = await cursor.fetchone()
    return read(row) if row else None


async def of_subject(conn: Connection, subject: SubjectId) -> list[Consent]:
    """All there ever were, newest first."""
    cursor = await conn.execute(
        f"SELECT {_COLUMNS} FROM consents WHERE subject = %s ORDER BY given_at DESC, id DESC", [subject.uuid]
    )
    return [read(row) for row in await cursor.fetchall()]


async def live(conn: Connection, people: Iterable[UUID], purpose: str) -> set[UUID]:
    """Who of these consents now."""
    cursor = await conn.execute(
        "SELECT subject FROM consents WHERE subject = ANY (%s) AND purpose = %s AND withdrawn_at IS NULL FOR SHARE",
        [list(people), purpose],
    )
    return {row[0] for row in await cursor.fetchall()}
