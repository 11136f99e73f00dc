"""Walks of the lineage graph."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from governance.ledger.database import Connection
from governance.ledger.holds import Standing
from governance.model import ArtifactId, ArtifactState, Kind, SubjectId


@dataclass(frozen=True, slots=True)
class Roots:
    """Artifacts, and everything that shows or stems from a person."""

    artifacts: Sequence[UUID] = ()
    person: SubjectId | None = None


@dataclass(frozen=True, slots=True)
class Reached:
    """What a walk met, with the hold that keeps it longest."""

    id: UUID
    kind: Kind
    state: ArtifactState
    hold: Standing | None


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


async def take(conn: Connection, roots: Sequence[Roots], now: datetime) -> Sequence[Sequence[Reached]]:
    """Of each of several sets of roots, what there is still of them and of all that was derived from them, locked."""
    pieces = [(number, id) for number, one in enumerate(roots) for id in one.artifacts]
    people = [(number, one.person.uuid) for number, one in enumerate(roots) if one.person is not None]
    cursor = await conn.execute(
        """
        WITH RECURSIVE down (number, id) AS (
            (SELECT * FROM unnest(%s::int[], %s::uuid[])
             UNION SELECT p.number, s.artifact FROM unnest(%s::int[], %s::uuid[]) AS p (number, id)
             JOIN artifact_subjects s ON s.subject = p.id)
            UNION SELECT down.number, p.child FROM down JOIN parents p ON p.parent = down.id
        )
        SELECT d.number, a.id, a.kind, a.state, h.basis, h.until
        FROM (SELECT * FROM down ORDER BY id) d
        CROSS JOIN LATERAL (
            SELECT id, kind, state FROM artifacts WHERE id = d.id AND state <> 'erased' FOR UPDATE) a
        LEFT JOIN LATERAL (
            SELECT basis, until FROM holds
            WHERE artifact = a.id AND ended_at IS NULL AND until > %s AND a.state IN ('live', 'held')
            ORDER BY until DESC LIMIT 1) h ON true
        """,
        [*_columns(pieces), *_columns(people), now],
    )
    found: list[list[Reached]] = [[] for _ in roots]
    for number, id, kind, state, basis, until in await cursor.fetchall():
        hold = None if basis is None else Standing(id, Kind(kind), basis, until)
        found[number].append(Reached(id, Kind(kind), ArtifactState(state), hold))
    return found


def _columns(rows: Sequence[tuple[int, UUID]]) -> tuple[list[int], list[UUID]]:
    return [number for number, _ in rows], [id for _, id in rows]


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
