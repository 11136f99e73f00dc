"""Rows of consents to pictures of several people."""

from collections.abc import Sequence
from datetime import datetime

from psycopg.rows import TupleRow

from governance.ledger.database import Connection
from governance.model import ArtifactId, RunId, SubjectId
from governance.rights.model import Share, ShareId

COLUMNS = "id, model, giver, receiver, given_at, withdrawn_at"


async def insert(conn: Connection, new: Share) -> Share:
    """The one in force for this model and receiver: the new one, or the one before."""
    await conn.execute(
        """
        INSERT INTO shares (id, model, giver, receiver, given_at) VALUES (%s, %s, %s, %s, %s)
        ON CONFLICT (model, receiver) WHERE withdrawn_at IS NULL DO NOTHING
        """,
        [new.id.uuid, new.model.uuid, new.giver.uuid, new.receiver.uuid, new.given_at],
    )
    kept = await in_force(conn, new.model, new.receiver)
    assert kept is not None, "a share that was inserted is in force"
    return kept


async def in_force(conn: Connection, model: ArtifactId, receiver: SubjectId) -> Share | None:
    """Locked: it cannot be withdrawn before this transaction ends."""
    cursor = await conn.execute(
        f"SELECT {COLUMNS} FROM shares WHERE model = %s AND receiver = %s AND withdrawn_at IS NULL FOR SHARE",
        [model.uuid, receiver.uuid],
    )
    row = await cursor.fetchone()
    return _share(row) if row else None


async def lock(conn: Connection, id: ShareId) -> Share | None:
    cursor = await conn.execute(f"SELECT {COLUMNS} FROM shares WHERE id = %s FOR UPDATE", [id.uuid])
    row = await cursor.fetchone()
    return _share(row) if row else None


async def withdraw(conn: Connection, share: Share) -> None:
    await conn.execute("UPDATE shares SET withdrawn_at = %s WHERE id = %s", [share.withdrawn_at, share.id.uuid])


async def cancel_runs(conn: Connection, share: Share, now: datetime) -> Sequence[RunId]:
    """Nothing can be registered any more in what the receiver has running with the model."""
    cursor = await conn.execute(
        """
        UPDATE runs SET state = 'canceled', finished_at = %s
        WHERE state = 'running' AND %s = ANY (inputs) AND subjects[1] = %s RETURNING id
        """,
        [now, share.model.uuid, share.receiver.uuid],
    )
    return [RunId.of(row[0]) for row in await cursor.fetchall()]


_MADE_WITH = """
    SELECT a.id FROM parents p JOIN artifacts a ON a.id = p.child
    WHERE p.parent = s.model AND s.receiver = ANY (a.subjects) AND a.state IN ('registered', 'live')
      AND a.created_at <= s.withdrawn_at
"""
"""What shows both of a share `s` and was begun before it was withdrawn; a consent given anew covers what came later."""


async def made_with(conn: Connection, id: ShareId) -> Sequence[ArtifactId]:
    """What is left of what was made under a consent that was withdrawn."""
    cursor = await conn.execute(
        f"SELECT made.id FROM shares s, LATERAL ({_MADE_WITH}) AS made WHERE s.id = %s ORDER BY made.id", [id.uuid]
    )
    return [ArtifactId.of(row[0]) for row in await cursor.fetchall()]


async def unfinished(conn: Connection) -> Sequence[Share]:
    """Withdrawn ones of which something is left."""
    cursor = await conn.execute(
        f"SELECT {COLUMNS} FROM shares s WHERE s.withdrawn_at IS NOT NULL AND EXISTS ({_MADE_WITH}) ORDER BY s.id"
    )
    return [_share(row) for row in await cursor.fetchall()]


async def listed(conn: Connection, person: SubjectId) -> Sequence[Share]:
    """In force, given and received, newest first; those of models that are gone are gone with them."""
    cursor = await conn.execute(
        """
        SELECT s.id, s.model, s.giver, s.receiver, s.given_at, s.withdrawn_at
        FROM shares s JOIN artifacts a ON a.id = s.model AND a.state = 'live'
        WHERE s.withdrawn_at IS NULL AND %(person)s IN (s.giver, s.receiver) ORDER BY s.id DESC
        """,
        {"person": person.uuid},
    )
    return [_share(row) for row in await cursor.fetchall()]


def _share(row: TupleRow) -> Share:
    return Share(ShareId.of(row[0]), ArtifactId.of(row[1]), SubjectId.of(row[2]), SubjectId.of(row[3]), row[4], row[5])
