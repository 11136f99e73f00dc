"""Walks of the lineage graph."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from governance.ids import digits
from governance.ledger.database import Connection
from governance.model import ArtifactId, SubjectId


async def roots_of(conn: Connection, people: Iterable[SubjectId]) -> Mapping[SubjectId, Sequence[UUID]]:
    """Everything that shows or stems from each of these people."""
    found: dict[SubjectId, list[UUID]] = {one: [] for one in people}
    cursor = await conn.execute(
        "SELECT subject, artifact FROM artifact_subjects WHERE subject = ANY (%s::uuid[])", [digits(found)]
    )
    for subject, artifact in await cursor.fetchall():
        found[SubjectId.of(subject)].append(artifact)
    return found


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


async def descendants_of_each(conn: Connection, roots: Sequence[Sequence[UUID]]) -> Sequence[set[UUID]]:
    """Like `descendants`, of each of several sets of roots."""
    numbered = [(number, root) for number, some in enumerate(roots) for root in some]
    cursor = await conn.execute(
        """
        WITH RECURSIVE down (number, id) AS (
            SELECT * FROM unnest(%s::int[], %s::uuid[])
            UNION SELECT down.number, p.child FROM down JOIN parents p ON p.parent = down.id
        ) SELECT number, id FROM down
        """,
        [[number for number, _ in numbered], [root for _, root in numbered]],
    )
    found: list[set[UUID]] = [set() for _ in roots]
    for number, id in await cursor.fetchall():
        found[number].add(id)
    return found


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
