"""Rows of subjects."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from psycopg.rows import TupleRow

from governance.errors import Gone, NotFound
from governance.ids import ArtifactId, digits
from governance.ledger.database import Connection
from governance.model import Subject, SubjectId, SubjectStatus

_COLUMNS = "id, region, state, created_at"


@dataclass(frozen=True, slots=True)
class SubjectKey:
    """A subject with its sealed key (None once fenced) and the purposes it objected to."""

    id: SubjectId
    state: SubjectStatus
    region: str
    sealed: bytes | None
    epoch: int
    objections: Sequence[str] = ()


def read(row: TupleRow) -> Subject:
    """From the columns id, region, state, created_at."""
    return Subject(SubjectId.of(row[0]), row[1], SubjectStatus(row[2]), row[3])


async def insert(conn: Connection, subject: Subject, sealed_key: bytes, epoch: int) -> None:
    await conn.execute(
        "INSERT INTO subjects (id, region, state, sealed_key, key_epoch, created_at) VALUES (%s, %s, %s, %s, %s, %s)",
        [subject.id.uuid, subject.region, subject.status, sealed_key, epoch, subject.created_at],
    )


async def get(conn: Connection, id: SubjectId) -> Subject:
    cursor = await conn.execute(f"SELECT {_COLUMNS} FROM subjects WHERE id = %s", [id.uuid])
    return _one(await cursor.fetchone())


async def living(conn: Connection, id: SubjectId) -> Subject:
    """For writing something of theirs: an erasure waits until this transaction has ended, and finds it. Raises `Gone`
    when it has begun."""
    cursor = await conn.execute(f"SELECT {_COLUMNS} FROM subjects WHERE id = %s FOR SHARE", [id.uuid])
    found = _one(await cursor.fetchone())
    if found.status in (SubjectStatus.ERASING, SubjectStatus.ERASED):
        raise Gone()
    return found


async def lock(conn: Connection, id: SubjectId) -> Subject:
    """For changing its state."""
    cursor = await conn.execute(f"SELECT {_COLUMNS} FROM subjects WHERE id = %s FOR UPDATE", [id.uuid])
    return _one(await cursor.fetchone())


async def get_all(conn: Connection, ids: Iterable[SubjectId]) -> Mapping[SubjectId, Subject]:
    cursor = await conn.execute(f"SELECT {_COLUMNS} FROM subjects WHERE id = ANY (%s::uuid[])", [digits(ids)])
    found = map(read, await cursor.fetchall())
    return {one.id: one for one in found}


async def lock_all(conn: Connection, ids: Iterable[SubjectId]) -> Mapping[SubjectId, Subject]:
    """For changing their states."""
    cursor = await conn.execute(
        f"SELECT {_COLUMNS} FROM subjects WHERE id = ANY (%s::uuid[]) ORDER BY id FOR UPDATE", [digits(ids)]
    )
    found = map(read, await cursor.fetchall())
    return {one.id: one for one in found}


async def set_states(conn: Connection, changed: Sequence[Subject]) -> None:
    await conn.execute(
        """
        UPDATE subjects s SET state = n.state FROM unnest(%s::uuid[], %s::text[]) AS n (id, state) WHERE s.id = n.id
        """,
        [digits(one.id for one in changed), [str(one.status) for one in changed]],
    )


async def lock_keys(
    conn: Connection, subjects: Iterable[SubjectId], of_artifacts: Iterable[ArtifactId]
) -> Mapping[SubjectId, SubjectKey]:
    """These and the subjects of these artifacts; none of them can change before this transaction ends."""
    cursor = await conn.execute(
        """
        SELECT id, state, region, sealed_key, key_epoch, objections FROM subjects
        WHERE id = ANY (%s::uuid[]) OR id IN (SELECT unnest(subjects) FROM artifacts WHERE id = ANY (%s::uuid[]))
        ORDER BY id FOR SHARE
        """,
        [digits(subjects), digits(of_artifacts)],
    )
    found = [SubjectKey(SubjectId.of(row[0]), SubjectStatus(row[1]), *row[2:]) for row in await cursor.fetchall()]
    return {one.id: one for one in found}


def _one(row: TupleRow | None) -> Subject:
    if row is None:
        raise NotFound()
    return read(row)
