"""Rows about people's standing: role, password, confirmation, codes, attempts."""

from datetime import datetime

from psycopg.rows import TupleRow

from governance.ids import CodeId, SubjectId
from governance.ledger.database import Connection
from governance.model import Role
from governance.people.model import Code, CodeKind


async def set_role(conn: Connection, subject: SubjectId, role: Role) -> bool:
    """False for somebody without an account."""
    cursor = await conn.execute("UPDATE accounts SET role = %s WHERE subject = %s", [role, subject.uuid])
    return cursor.rowcount == 1


async def set_password(conn: Connection, subject: SubjectId, password_hash: str) -> bool:
    """False for somebody without an account. A new password ends a lock-out."""
    await conn.execute(
        "DELETE FROM sign_in_attempts t USING accounts a WHERE a.subject = %s AND t.email_hash = a.email_hash",
        [subject.uuid],
    )
    cursor = await conn.execute(
        "UPDATE accounts SET password_hash = %s WHERE subject = %s", [password_hash, subject.uuid]
    )
    return cursor.rowcount == 1


async def has_password(conn: Connection, subject: SubjectId, password_hash: str) -> bool:
    cursor = await conn.execute(
        "SELECT EXISTS (SELECT FROM accounts WHERE subject = %s AND password_hash = %s)", [subject.uuid, password_hash]
    )
    row = await cursor.fetchone()
    return row is not None and bool(row[0])


async def confirm(conn: Connection, subject: SubjectId, now: datetime) -> bool:
    """False when it was confirmed before."""
    cursor = await conn.execute(
        "UPDATE accounts SET confirmed_at = %s WHERE subject = %s AND confirmed_at IS NULL", [now, subject.uuid]
    )
    return cursor.rowcount == 1


async def insert_code(
    conn: Connection, id: CodeId, subject: SubjectId, kind: CodeKind, now: datetime, expires_at: datetime
) -> bool:
    """A newer code takes the place of older ones. False for somebody without an account."""
    await conn.execute("DELETE FROM codes WHERE subject = %s AND kind = %s", [subject.uuid, kind])
    cursor = await conn.execute(
        """
        INSERT INTO codes (id, subject, kind, created_at, expires_at)
        SELECT %s, a.subject, %s, %s, %s FROM accounts a WHERE a.subject = %s
        """,
        [id.uuid, kind, now, expires_at, subject.uuid],
    )
    return cursor.rowcount == 1


async def code(conn: Connection, id: CodeId, now: datetime) -> Code | None:
    """Locked; None when it is unknown or over."""
    cursor = await conn.execute(
        "SELECT id, subject, kind, used_at IS NOT NULL FROM codes WHERE id = %s AND expires_at > %s FOR UPDATE",
        [id.uuid, now],
    )
    row: TupleRow | None = await cursor.fetchone()
    return Code(CodeId.of(row[0]), SubjectId.of(row[1]), CodeKind(row[2]), row[3]) if row else None


async def use_code(conn: Connection, id: CodeId, now: datetime) -> None:
    await conn.execute("UPDATE codes SET used_at = %s WHERE id = %s", [now, id.uuid])


async def count_attempt(conn: Connection, email_hash: bytes, since: datetime, now: datetime) -> tuple[int, datetime]:
    """How many there were since when, this one counted; those that began before `since` count no more."""
    cursor = await conn.execute(
        """
        INSERT INTO sign_in_attempts AS t (email_hash, count, since) VALUES (%(hash)s, 1, %(now)s)
        ON CONFLICT (email_hash) DO UPDATE
        SET count = CASE WHEN t.since < %(since)s THEN 1 ELSE t.count + 1 END,
            since = CASE WHEN t.since < %(since)s THEN %(now)s ELSE t.since END
        RETURNING count, since
        """,
        {"hash": email_hash, "now": now, "since": since},
    )
    row = await cursor.fetchone()
    assert row is not None
    return row[0], row[1]


async def forget_attempts(conn: Connection, email_hash: bytes) -> None:
    await conn.execute("DELETE FROM sign_in_attempts WHERE email_hash = %s", [email_hash])


async def owner_of(conn: Connection, email_hash: bytes) -> SubjectId | None:
    cursor = await conn.execute("SELECT subject FROM accounts WHERE email_hash = %s", [email_hash])
    row = await cursor.fetchone()
    return SubjectId.of(row[0]) if row else None


async def forget_old(conn: Connection, before: datetime, now: datetime) -> None:
    """Attempts of long ago, and codes that are over."""
    await conn.execute("DELETE FROM sign_in_attempts WHERE since < %s", [before])
    await conn.execute("DELETE FROM codes WHERE expires_at < %s", [now])
