"""A readers-and-writer lock between the gate and erasure, held to the end of the transaction.

Everything that makes or grants takes it shared, a fence takes it alone: so a closure cannot grow while it is walked,
and the two never deadlock over row locks. It is queued for fairly; a fence waits for a few commits at most."""

from governance.ledger.database import Connection

_LOCK = 0x5052_0003


async def pass_through(conn: Connection) -> None:
    """Before anything is registered, committed, granted or started."""
    await conn.execute("SELECT pg_advisory_xact_lock_shared(%s)", [_LOCK])


async def close(conn: Connection) -> None:
    """Before a closure is fenced."""
    await conn.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
