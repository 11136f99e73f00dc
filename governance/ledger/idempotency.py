"""Rows of remembered answers."""

from datetime import datetime

from governance.ledger.database import Connection
from governance.model import Remembered, SubjectId


async def remember(conn: Connection, owner: SubjectId, key: str, new: Remembered, now: datetime) -> Remembered:
    """The first one stays."""
    await conn.execute(
        """
        INSERT INTO idempotency (owner, key, fingerprint, response_ref, created_at) VALUES (%s, %s, %s, %s, %s)
        ON CONFLICT (owner, key) DO NOTHING
        """,
        [owner.uuid, key, new.fingerprint, new.response_ref, now],
    )
    return await recall(conn, owner, key) or new


async def recall(conn: Connection, owner: SubjectId, key: str) -> Remembered | None:
    cursor = await conn.execute(
        "SELECT fingerprint, response_ref FROM idempotency WHERE owner = %s AND key = %s", [owner.uuid, key]
    )
    row = await cursor.fetchone()
    return Remembered(row[0], row[1]) if row else None


async def delete_older(conn: Connection, than: datetime) -> None:
    await conn.execute("DELETE FROM idempotency WHERE created_at < %s", [than])
