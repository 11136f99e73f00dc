"""Rows whose keys are sealed under an epoch, in batches, locked against a fence that would destroy them meanwhile."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from governance.ledger.database import Connection
from governance.model import ArtifactId, ArtifactState, HolderId, SubjectId


@dataclass(frozen=True, slots=True)
class OldArtifact:
    id: ArtifactId
    subjects: tuple[SubjectId, ...]
    state: ArtifactState
    sealed: bytes


async def retiring(conn: Connection) -> Sequence[int]:
    """Epochs that a rotation has yet to destroy."""
    cursor = await conn.execute("SELECT number FROM epochs WHERE state = 'retiring' ORDER BY number")
    return [row[0] for row in await cursor.fetchall()]


async def subjects(conn: Connection, epoch: int, limit: int) -> Sequence[tuple[SubjectId, bytes]]:
    cursor = await conn.execute(
        """
        SELECT id, sealed_key FROM subjects WHERE key_epoch = %s AND sealed_key IS NOT NULL
        ORDER BY id LIMIT %s FOR UPDATE
        """,
        [epoch, limit],
    )
    return [(SubjectId.of(row[0]), row[1]) for row in await cursor.fetchall()]


async def artifacts(conn: Connection, epoch: int, limit: int) -> Sequence[OldArtifact]:
    cursor = await conn.execute(
        """
        SELECT id, subjects, state, sealed_key FROM artifacts WHERE key_epoch = %s AND sealed_key IS NOT NULL
        ORDER BY id LIMIT %s FOR UPDATE
        """,
        [epoch, limit],
    )
    return [
        OldArtifact(ArtifactId.of(row[0]), tuple(map(SubjectId.of, row[1])), ArtifactState(row[2]), row[3])
        for row in await cursor.fetchall()
    ]


async def holders(conn: Connection, epoch: int, limit: int) -> Sequence[tuple[HolderId, bytes]]:
    cursor = await conn.execute(
        "SELECT id, sealed_session FROM holders WHERE key_epoch = %s ORDER BY id LIMIT %s FOR UPDATE", [epoch, limit]
    )
    return [(HolderId.of(row[0]), row[1]) for row in await cursor.fetchall()]


async def service_keys(conn: Connection, epoch: int) -> Sequence[tuple[str, bytes]]:
    cursor = await conn.execute(
        "SELECT name, sealed FROM service_keys WHERE key_epoch = %s ORDER BY name FOR UPDATE", [epoch]
    )
    return [(row[0], row[1]) for row in await cursor.fetchall()]


async def save_subjects(conn: Connection, epoch: int, sealed: Sequence[tuple[UUID, bytes]]) -> None:
    await conn.execute(_SAVE_SUBJECTS, _columns(epoch, sealed))


async def save_artifacts(conn: Connection, epoch: int, sealed: Sequence[tuple[UUID, bytes]]) -> None:
    await conn.execute(_SAVE_ARTIFACTS, _columns(epoch, sealed))


async def save_holders(conn: Connection, epoch: int, sealed: Sequence[tuple[UUID, bytes]]) -> None:
    await conn.execute(_SAVE_HOLDERS, _columns(epoch, sealed))


async def save_service_key(conn: Connection, epoch: int, name: str, sealed: bytes) -> None:
    await conn.execute("UPDATE service_keys SET sealed = %s, key_epoch = %s WHERE name = %s", [sealed, epoch, name])


async def left(conn: Connection, epoch: int) -> bool:
    """Whether any row still needs this epoch."""
    cursor = await conn.execute(
        """
        SELECT EXISTS (SELECT FROM subjects WHERE key_epoch = %(epoch)s AND sealed_key IS NOT NULL)
            OR EXISTS (SELECT FROM artifacts WHERE key_epoch = %(epoch)s AND sealed_key IS NOT NULL)
            OR EXISTS (SELECT FROM holders WHERE key_epoch = %(epoch)s)
            OR EXISTS (SELECT FROM service_keys WHERE key_epoch = %(epoch)s)
        """,
        {"epoch": epoch},
    )
    row = await cursor.fetchone()
    assert row is not None
    return bool(row[0])


async def destroy(conn: Connection, epoch: int, now: datetime) -> None:
    await conn.execute(
        """
        UPDATE epochs SET state = 'destroyed', sealed_secret = NULL, destroyed_at = %s
        WHERE number = %s AND state = 'retiring'
        """,
        [now, epoch],
    )


def _columns(epoch: int, sealed: Sequence[tuple[UUID, bytes]]) -> Sequence[object]:
    return [epoch, [id for id, _ in sealed], [value for _, value in sealed]]


_SAVE_SUBJECTS = """
    UPDATE subjects SET sealed_key = n.sealed, key_epoch = %s
    FROM unnest(%s::uuid[], %s::bytea[]) AS n (id, sealed) WHERE subjects.id = n.id
"""
_SAVE_ARTIFACTS = """
    UPDATE artifacts SET sealed_key = n.sealed, key_epoch = %s
    FROM unnest(%s::uuid[], %s::bytea[]) AS n (id, sealed) WHERE artifacts.id = n.id
"""
_SAVE_HOLDERS = """
    UPDATE holders SET sealed_session = n.sealed, key_epoch = %s
    FROM unnest(%s::uuid[], %s::bytea[]) AS n (id, sealed) WHERE holders.id = n.id
"""
