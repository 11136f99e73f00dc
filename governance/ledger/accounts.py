"""Rows of accounts and tokens."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from psycopg.rows import TupleRow

from governance.ids import digits
from governance.ledger import subjects
from governance.ledger.database import Connection
from governance.model import Account, NewAccount, NewToken, Role, SubjectId, Token, TokenId


async def insert(conn: Connection, subject: SubjectId, new: NewAccount, now: datetime) -> bool:
    """False when the address is taken."""
    cursor = await conn.execute(
        """
        INSERT INTO accounts (subject, email_hash, password_hash, created_at) VALUES (%s, %s, %s, %s)
        ON CONFLICT (email_hash) DO NOTHING
        """,
        [subject.uuid, new.email_hash, new.password_hash, now],
    )
    return cursor.rowcount == 1


async def by_email(conn: Connection, email_hash: bytes) -> Account | None:
    cursor = await conn.execute(
        """
        SELECT s.id, s.region, s.state, s.created_at, a.password_hash, a.role, a.confirmed_at IS NOT NULL
        FROM accounts a JOIN subjects s ON s.id = a.subject WHERE a.email_hash = %s
        """,
        [email_hash],
    )
    row = await cursor.fetchone()
    return Account(subjects.read(row), row[4], Role(row[5]), row[6]) if row else None


async def delete(conn: Connection, subjects: Iterable[SubjectId]) -> None:
    """With what was counted about their addresses."""
    people = digits(subjects)
    await conn.execute(
        """
        DELETE FROM sign_in_attempts t USING accounts a
        WHERE a.subject = ANY (%s::uuid[]) AND t.email_hash = a.email_hash
        """,
        [people],
    )
    await conn.execute("DELETE FROM accounts WHERE subject = ANY (%s::uuid[])", [people])


async def insert_token(conn: Connection, id: TokenId, new: NewToken, now: datetime) -> None:
    """A repeated hash is the same token."""
    await conn.execute(
        """
        INSERT INTO tokens (id, subject, token_hash, scopes, created_at, expires_at, session)
        VALUES (%s, %s, %s, %s, %s, %s, %s)
        ON CONFLICT (token_hash) DO NOTHING
        """,
        [id.uuid, new.subject.uuid, new.token_hash, sorted(new.scopes), now, new.expires_at, new.session],
    )


_TOKENS = """
    SELECT s.id, s.region, s.state, s.created_at, t.id, t.scopes, t.expires_at, t.session, coalesce(a.role, 'client'),
           a.confirmed_at IS NOT NULL, t.used_at IS NOT NULL
    FROM tokens t JOIN subjects s ON s.id = t.subject LEFT JOIN accounts a ON a.subject = s.id
"""


def _read(row: TupleRow) -> Token:
    return Token(
        TokenId.of(row[4]), subjects.read(row), frozenset(row[5]), row[6], row[7], Role(row[8]), row[9], row[10]
    )


async def token(conn: Connection, token_hash: bytes, now: datetime, lock: bool = False) -> Token | None:
    locking = "FOR UPDATE OF t" if lock else ""
    query = f"{_TOKENS} WHERE t.token_hash = %s AND t.expires_at > %s {locking}"
    cursor = await conn.execute(query, [token_hash, now])
    row = await cursor.fetchone()
    return _read(row) if row else None


async def keys_of(conn: Connection, subject: SubjectId, now: datetime) -> list[Token]:
    """The API keys of a person, newest first; sessions are not among them."""
    mine = "WHERE s.id = %s AND t.expires_at > %s AND t.session IS NULL"
    query = f"{_TOKENS} {mine} ORDER BY t.created_at DESC, t.id DESC"
    cursor = await conn.execute(query, [subject.uuid, now])
    return [_read(row) for row in await cursor.fetchall()]


async def is_token(conn: Connection, token_hash: bytes, session: UUID) -> bool:
    cursor = await conn.execute(
        "SELECT EXISTS (SELECT FROM tokens WHERE token_hash = %s AND session = %s)", [token_hash, session]
    )
    row = await cursor.fetchone()
    return row is not None and bool(row[0])


async def use_token(conn: Connection, id: TokenId, now: datetime) -> None:
    await conn.execute("UPDATE tokens SET used_at = %s WHERE id = %s", [now, id.uuid])


async def delete_key(conn: Connection, subject: SubjectId, id: TokenId) -> bool:
    cursor = await conn.execute(
        "DELETE FROM tokens WHERE subject = %s AND id = %s AND session IS NULL", [subject.uuid, id.uuid]
    )
    return cursor.rowcount == 1


async def delete_session(conn: Connection, session: UUID) -> None:
    await conn.execute("DELETE FROM tokens WHERE session = %s", [session])


async def delete_tokens(conn: Connection, subject: SubjectId, but_session: UUID | None) -> None:
    """Every token of a person, but those of one session."""
    await conn.execute(
        "DELETE FROM tokens WHERE subject = %s AND session IS DISTINCT FROM coalesce(%s::uuid, gen_random_uuid())",
        [subject.uuid, but_session],
    )


async def delete_token(conn: Connection, token_hash: bytes) -> SubjectId | None:
    """With all others of its session."""
    cursor = await conn.execute(
        """
        DELETE FROM tokens WHERE token_hash = %s OR session = (SELECT session FROM tokens WHERE token_hash = %s)
        RETURNING subject
        """,
        [token_hash, token_hash],
    )
    row = await cursor.fetchone()
    return SubjectId.of(row[0]) if row else None


async def delete_expired_tokens(conn: Connection, now: datetime) -> None:
    await conn.execute("DELETE FROM tokens WHERE expires_at <= %s", [now])
