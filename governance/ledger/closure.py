"""Walks of the lineage graph."""

from collections.abc import Sequence
from uuid import UUID

from governance.ledger.database import Connection
from governance.model import ArtifactId, SubjectId


async def roots_of(conn: Connection, subject: SubjectId) -> Sequence[UUID]:
    """Everything that shows or stems from one person."""
    cursor = await conn.execute("SELECT artifact FROM artifact_subjects WHERE subject = %s", [subject.uuid])
    return [row[0] for row in await cursor.fetchall()]


async def descendants(conn: Connection, roots: Sequence[UUID]) -> Sequence[UUID]:
    """The roots and all that was derived from them, in any number of steps."""
    cursor = await conn.execute(
        """
        WITH RECURSIVE down (id) AS (
            SELECT unnest(%s::uuid[])
            UNION SELECT p.child FROM down JOIN parents p ON p.parent = down.id
        ) SELECT id FROM down
        """,
        [list(roots)],
    )
    return [row[0] for row in await cursor.fetchall()]


async def ancestors(conn: Connection, id: ArtifactId) -> Sequence[UUID]:
    """The artifact and all that it was made from."""
    cursor = await conn.execute(
        """
        WITH RECURSIVE up (id) AS (
            SELECT %s::uuid
            UNION SELECT unnest(a.parents) FROM up JOIN artifacts a ON a.id = up.id
        ) SELECT id FROM up
        """,
        [id.uuid],
    )
    return [row[0] for row in await cursor.fetchall()]
