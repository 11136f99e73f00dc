"""Rows of key epochs and of the service's own keys."""

from datetime import datetime
from typing import LiteralString

from psycopg.rows import TupleRow

from governance.ledger.database import Connection

_LOCK = 0x5052_0002


async def lock_any(conn: Connection) -> int | None:
    """The active epoch, None before the first; several processes starting at once wait for each other here."""
    await conn.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    cursor = await conn.execute("SELECT number FROM epochs WHERE state = 'active'")
    row = await cursor.fetchone()
    return row[0] if row else None


async def active(conn: Connection) -> int:
    """The active epoch, which cannot end before this transaction does."""
    return int((await _lock_active(conn, "SHARE"))[0])


async def lock_active(conn: Connection) -> tuple[int, datetime]:
    """The active epoch and when it began; nobody else can use or end it before this transaction ends."""
    number, began = await _lock_active(conn, "UPDATE")
    return number, began


async def _lock_active(conn: Connection, strength: LiteralString) -> TupleRow:
    """Whoever waited for a rotation finds that the row is not the active one any more, and looks once more."""
    while True:
        cursor = await conn.execute(f"SELECT number, created_at FROM epochs WHERE state = 'active' FOR {strength}")
        row = await cursor.fetchone()
        if row is not None:
            return row
        assert await _exists(conn), "opening the keyring makes the first epoch"


async def _exists(conn: Connection) -> bool:
    cursor = await conn.execute("SELECT EXISTS (SELECT FROM epochs WHERE state = 'active')")
    row = await cursor.fetchone()
    return bool(row and row[0])


async def destroyed(conn: Connection) -> set[int]:
    cursor = await conn.execute("SELECT number FROM epochs WHERE sealed_secret IS NULL")
    return {row[0] for row in await cursor.fetchall()}


async def add(conn: Connection, number: int, sealed_secret: bytes, now: datetime) -> None:
    """A new active epoch; the one before starts retiring."""
    await conn.execute("UPDATE epochs SET state = 'retiring' WHERE state = 'active'")
    await conn.execute(
        "INSERT INTO epochs (number, state, sealed_secret, created_at) VALUES (%s, 'active', %s, %s)",
        [number, sealed_secret, now],
    )


async def sealed_secret(conn: Connection, number: int) -> bytes | None:
    cursor = await conn.execute("SELECT sealed_secret FROM epochs WHERE number = %s", [number])
    row = await cursor.fetchone()
    return row[0] if row else None


async def add_service_key(conn: Connection, name: str, sealed: bytes, epoch: int) -> None:
    """Kept as it is when it exists."""
    await conn.execute(
        "INSERT INTO service_keys (name, sealed, key_epoch) VALUES (%s, %s, %s) ON CONFLICT (name) DO NOTHING",
        [name, sealed, epoch],
    )


async def service_key(conn: Connection, name: str) -> tuple[bytes, int]:
    """Sealed value and epoch."""
    cursor = await conn.execute("SELECT sealed, key_epoch FROM service_keys WHERE name = %s", [name])
    row = await cursor.fetchone()
    assert row is not None, "opening the keyring makes the service's keys"
    return row[0], row[1]
