"""Rows of holders and of what they hold."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from governance.ids import digits
from governance.ledger.database import Connection
from governance.model import ArtifactId, HolderId, HolderKind, LeaseId, Purpose


@dataclass(frozen=True, slots=True)
class Session:
    """A holder's sealed session key, the end of its lease, and where it is."""

    id: HolderId
    sealed: bytes
    epoch: int
    expires_at: datetime
    region: str


@dataclass(frozen=True, slots=True)
class Holding:
    holder: HolderId
    artifact: ArtifactId
    purpose: Purpose
    lease: LeaseId


async def insert(conn: Connection, session: Session, kind: HolderKind, now: datetime) -> None:
    await conn.execute(
        """
        INSERT INTO holders (id, kind, region, sealed_session, key_epoch, opened_at, expires_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s)
        """,
        [session.id.uuid, kind, session.region, session.sealed, session.epoch, now, session.expires_at],
    )


async def sessions(conn: Connection, ids: Iterable[HolderId], now: datetime) -> Mapping[HolderId, Session]:
    """Those whose lease has not ended."""
    cursor = await conn.execute(
        """
        SELECT id, sealed_session, key_epoch, expires_at, region FROM holders
        WHERE id = ANY (%s::uuid[]) AND expires_at > %s
        """,
        [digits(ids), now],
    )
    found = [Session(HolderId.of(row[0]), *row[1:]) for row in await cursor.fetchall()]
    return {one.id: one for one in found}


async def extend(conn: Connection, id: HolderId, now: datetime, until: datetime) -> Session | None:
    """None when the lease has already ended: it is never revived."""
    cursor = await conn.execute(
        """
        UPDATE holders SET expires_at = %s WHERE id = %s AND expires_at > %s
        RETURNING sealed_session, key_epoch, region
        """,
        [until, id.uuid, now],
    )
    row = await cursor.fetchone()
    return Session(id, row[0], row[1], until, row[2]) if row else None


async def to_drop(conn: Connection, id: HolderId, frozen_allowed: Collection[Purpose]) -> Sequence[ArtifactId]:
    """What it holds of artifacts that are fenced, or of people who restricted or objected to that purpose."""
    cursor = await conn.execute(
        """
        SELECT h.artifact FROM holdings h JOIN artifacts a ON a.id = h.artifact
        WHERE h.holder = %(holder)s AND (
            a.state NOT IN ('registered', 'live', 'held')
            OR (h.purpose <> ALL (%(allowed)s)
                AND EXISTS (SELECT FROM subjects s WHERE s.id = ANY (a.subjects) AND s.state = 'frozen'))
            OR EXISTS (SELECT FROM subjects s WHERE s.id = ANY (a.subjects) AND h.purpose = ANY (s.objections)))
        UNION SELECT id FROM artifacts WHERE writer = %(holder)s AND state IN ('erasing', 'erased')
        """,
        {"holder": id.uuid, "allowed": [str(one) for one in frozen_allowed]},
    )
    return [ArtifactId.of(row[0]) for row in await cursor.fetchall()]


async def unknown(conn: Connection, id: HolderId, held: Collection[ArtifactId]) -> Sequence[ArtifactId]:
    """What it says it holds without a holding or a ticket to write: it must not."""
    cursor = await conn.execute(
        """
        SELECT claimed.id FROM unnest(%s::uuid[]) AS claimed (id)
        WHERE NOT EXISTS (SELECT FROM holdings h WHERE h.holder = %s AND h.artifact = claimed.id)
          AND NOT EXISTS (SELECT FROM artifacts a WHERE a.id = claimed.id AND a.writer = %s
                          AND a.state IN ('registered', 'live'))
        """,
        [[one.uuid for one in held], id.uuid, id.uuid],
    )
    return [ArtifactId.of(row[0]) for row in await cursor.fetchall()]


async def insert_holdings(conn: Connection, holdings: Sequence[Holding], now: datetime) -> None:
    """A repeated grant renews the holding."""
    await conn.execute(
        """
        INSERT INTO holdings (holder, artifact, purpose, lease, granted_at)
        SELECT *, %s FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::uuid[])
        ON CONFLICT (holder, artifact, purpose) DO UPDATE SET lease = excluded.lease, granted_at = excluded.granted_at
        """,
        [
            now,
            [one.holder.uuid for one in holdings],
            [one.artifact.uuid for one in holdings],
            [str(one.purpose) for one in holdings],
            [one.lease.uuid for one in holdings],
        ],
    )


async def delete_holdings(conn: Connection, pairs: Sequence[tuple[HolderId, ArtifactId]]) -> None:
    """Dropped and zeroed: also the right to write, so that nobody waits for this writer."""
    holders = [holder.uuid for holder, _ in pairs]
    artifacts = [artifact.uuid for _, artifact in pairs]
    await conn.execute(
        """
        DELETE FROM holdings h USING unnest(%s::uuid[], %s::uuid[]) AS gone (holder, artifact)
        WHERE h.holder = gone.holder AND h.artifact = gone.artifact
        """,
        [holders, artifacts],
    )
    await conn.execute(
        """
        UPDATE artifacts a SET writer = NULL FROM unnest(%s::uuid[], %s::uuid[]) AS gone (holder, artifact)
        WHERE a.id = gone.artifact AND a.writer = gone.holder
        """,
        [holders, artifacts],
    )


async def delete(conn: Connection, id: HolderId) -> bool:
    """With all its holdings; False when it was gone already."""
    cursor = await conn.execute("DELETE FROM holders WHERE id = %s", [id.uuid])
    return cursor.rowcount == 1


async def delete_expired(conn: Connection, now: datetime) -> Sequence[HolderId]:
    """Leases that have ended: by then their holders have zeroed everything by themselves (I6)."""
    cursor = await conn.execute("DELETE FROM holders WHERE expires_at <= %s RETURNING id", [now])
    return [HolderId.of(row[0]) for row in await cursor.fetchall()]
