"""Rows of accounts and tokens."""

from datetime import datetime

from governance.ledger import subjects
from governance.ledger.database import Connection
from governance.model import Account, NewAccount, NewToken, SubjectId, Token, TokenId


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
        SELECT s.id, s.region, s.state, s.created_at, a.password_hash
        FROM accounts a JOIN subjects s ON s.id = a.subject WHERE a.email_hash = %s
        """,
        [email_hash],
    )
    row = await cursor.fetchone()
    return Account(subjects.read(row), row[4]) if row else None


async def delete(conn: Connection, subject: SubjectId) -> None:
    await conn.execute("DELETE FROM accounts WHERE subject = %s", [subject.uuid])


async def insert_token(conn: Connection, id: TokenId, new: NewToken, now: datetime) -> None:
    """A repeated hash is the same token."""
    await conn.execute(
        """
        INSERT INTO tokens (id, subject, token_hash, scopes, created_at, expires_at) VALUES (%s, %s, %s, %s, %s, %s)
        ON CONFLICT (token_hash) DO NOTHING
        """,
        [id.uuid, new.subject.uuid, new.token_hash, sorted(new.scopes), now, new.expires_at],
    )


async def token(conn: Connection, token_hash: bytes, now: datetime) -> Token | None:
    cursor = await conn.execute(
        """
        SELECT s.id, s.region, s.state, s.created_at, t.id, t.scopes, t.expires_at
        FROM tokens t JOIN subjects s ON s.id = t.subject WHERE t.token_hash = %s AND t.expires_at > %s
        """,
        [token_hash, now],
    )
    row = await cursor.fetchone()
    return Token(TokenId.of(row[4]), subjects.read(row), frozenset(row[5]), row[6]) if row else None


async def delete_token(conn: Connection, token_hash: bytes) -> SubjectId | None:
    cursor = await conn.execute("DELETE FROM tokens WHERE token_hash = %s RETURNING subject", [token_hash])
    row = await cursor.fetchone()
    return SubjectId.of(row[0]) if row else None


async def delete_expired_tokens(conn: Connection, now: datetime) -> None:
    await conn.execute("DELETE FROM tokens WHERE expires_at <= %s", [now])
