"""Rows of legal holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from governance.ledger.database import Connection
from governance.model import ArtifactId, Hold, HoldId, Kind


@dataclass(frozen=True, slots=True)
class Standing:
    """Why an artifact stays, and until when at least."""

    artifact: UUID
    kind: Kind
    basis: str
    until: datetime


async def insert(conn: Connection, hold: Hold, now: datetime) -> None:
    await conn.execute(
        "INSERT INTO holds (id, artifact, basis, until, created_at) VALUES (%s, %s, %s, %s, %s)",
        [hold.id.uuid, hold.artifact.uuid, hold.basis, hold.until, now],
    )


async def insert_again(conn: Connection, hold: Hold, at: datetime) -> bool:
    """What a restored ledger does not know; False when it does, or when what was held is not there to be kept."""
    cursor = await conn.execute(
        """
        INSERT INTO holds (id, artifact, basis, until, created_at)
        SELECT %s, a.id, %s, %s, %s FROM artifacts a WHERE a.id = %s AND a.state IN ('live', 'held')
        ON CONFLICT (id) DO NOTHING
        """,
        [hold.id.uuid, hold.basis, hold.until, at, hold.artifact.uuid],
    )
    return cursor.rowcount == 1


async def end(conn: Connection, id: HoldId, now: datetime) -> ArtifactId | None:
    """Gives what it kept; None when it is unknown or has ended."""
    cursor = await conn.execute(
        "UPDATE holds SET ended_at = %s WHERE id = %s AND ended_at IS NULL RETURNING artifact", [now, id.uuid]
    )
    row = await cursor.fetchone()
    return ArtifactId.of(row[0]) if row else None


async def released(
    conn: Connection, now: datetime, limit: int, among: Sequence[UUID] | None = None
) -> Sequence[tuple[UUID, UUID]]:
    """(artifact, first subject) of what is kept although no hold stands any more; with `among` only of these."""
    cursor = await conn.execute(
        f"""
        SELECT a.id, a.subjects[1] FROM artifacts a WHERE a.state = 'held' AND NOT EXISTS (
            SELECT FROM holds h WHERE h.artifact = a.id AND h.ended_at IS NULL AND h.until > %(now)s)
            {"AND a.id = ANY (%(among)s::uuid[])" if among is not None else ""}
        LIMIT %(limit)s
        """,
        {"now": now, "limit": limit, "among": list(among or ())},
    )
    return [(row[0], row[1]) for row in await cursor.fetchall()]
