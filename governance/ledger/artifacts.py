"""Rows of artifacts and of the two edge tables beside them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from psycopg.rows import TupleRow
from psycopg.types.json import Json

from governance.ids import digits
from governance.ledger.database import Connection, is_pipelined
from governance.model import (
    Artifact,
    ArtifactId,
    ArtifactState,
    HolderId,
    Id,
    Kind,
    Purpose,
    Receipt,
    RunId,
    SubjectId,
)

_NULL = "\\N"
_AMONG = "AND a.id = ANY (%(among)s::uuid[])"
_CROWD = 128
COLUMNS = "id, kind, subjects, parents, purpose, run, state, size, created_at, deadline"
_NEW = "id, kind, purpose, state, subjects, parents, run, writer, sealed_key, key_epoch, created_at, deadline"


@dataclass(frozen=True, slots=True)
class Registered:
    """A new artifact with its sealed key."""

    artifact: Artifact
    writer: HolderId
    sealed_key: bytes
    epoch: int


@dataclass(frozen=True, slots=True)
class Sealed:
    """An artifact with what is needed to open its bytes."""

    artifact: Artifact
    sealed_key: bytes | None
    epoch: int
    version_id: str | None
    sha256: bytes | None


def read(row: TupleRow) -> Artifact:
    """From the columns in `COLUMNS`."""
    id = ArtifactId.of(row[0])
    return Artifact(
        id=id,
        kind=Kind(row[1]),
        subjects=tuple(SubjectId.of(one) for one in row[2]),
        parents=tuple(ArtifactId.of(one) for one in row[3]),
        purpose=Purpose(row[4]),
        run=RunId.of(row[5]) if row[5] else None,
        state=ArtifactState(row[6]),
        location=id.location(SubjectId.of(row[2][0])),
        size=row[7],
        created_at=row[8],
        deadline=row[9],
    )


async def lock_share(conn: Connection, ids: Iterable[ArtifactId]) -> Mapping[ArtifactId, Artifact]:
    """None of them can change before this transaction ends."""
    cursor = await conn.execute(
        f"SELECT {COLUMNS} FROM artifacts WHERE id = ANY (%s::uuid[]) ORDER BY id FOR SHARE", [digits(ids)]
    )
    return _by_id(await cursor.fetchall())


async def get_sealed(conn: Connection, ids: Iterable[ArtifactId]) -> Mapping[ArtifactId, Sealed]:
    cursor = await conn.execute(
        f"SELECT {COLUMNS}, sealed_key, key_epoch, version_id, sha256 FROM artifacts WHERE id = ANY (%s::uuid[])",
        [digits(ids)],
    )
    found = [Sealed(read(row), *row[10:]) for row in await cursor.fetchall()]
    return {one.artifact.id: one for one in found}


async def get(conn: Connection, id: ArtifactId) -> Artifact | None:
    cursor = await conn.execute(f"SELECT {COLUMNS} FROM artifacts WHERE id = %s", [id.uuid])
    row = await cursor.fetchone()
    return read(row) if row else None


async def get_all(conn: Connection, ids: Iterable[ArtifactId]) -> Mapping[ArtifactId, Artifact]:
    cursor = await conn.execute(f"SELECT {COLUMNS} FROM artifacts WHERE id = ANY (%s::uuid[])", [digits(ids)])
    return _by_id(await cursor.fetchall())


async def live(conn: Connection, ids: Sequence[UUID]) -> Sequence[Artifact]:
    cursor = await conn.execute(f"SELECT {COLUMNS} FROM artifacts WHERE id = ANY (%s) AND state = 'live'", [list(ids)])
    return [read(row) for row in await cursor.fetchall()]


async def of_subject(
    conn: Connection, owner: SubjectId, kind: Kind | None, before: ArtifactId | None, limit: int, now: datetime
) -> Sequence[Artifact]:
    """Live ones, newest first; of a frozen person also those past their deadline."""
    cursor = await conn.execute(
        f"""
        SELECT {COLUMNS} FROM artifact_subjects e JOIN artifacts a ON a.id = e.artifact
        WHERE e.subject = %(owner)s AND (%(before)s::uuid IS NULL OR e.artifact < %(before)s)
          AND a.state = 'live' AND (%(kind)s::text IS NULL OR a.kind = %(kind)s)
          AND (a.kind <> 'export' OR a.subjects[1] = %(owner)s)
          AND (a.deadline IS NULL OR a.deadline > %(now)s
               OR EXISTS (SELECT FROM subjects s WHERE s.id = ANY (a.subjects) AND s.state = 'frozen'))
        ORDER BY e.artifact DESC LIMIT %(limit)s
        """,
        {"owner": owner.uuid, "kind": kind, "before": before.uuid if before else None, "limit": limit, "now": now},
    )
    return [read(row) for row in await cursor.fetchall()]


async def insert(conn: Connection, rows: Sequence[Registered]) -> None:
    """With their edges."""
    few = len(rows) < _CROWD or is_pipelined(conn)
    await (_insert(conn, rows) if few else _copy(conn, rows))


async def _insert(conn: Connection, rows: Sequence[Registered]) -> None:
    await conn.execute(
        f"INSERT INTO artifacts ({_NEW}) SELECT {_NEW} FROM json_populate_recordset(NULL::artifacts, %s)",
        [Json([_fields(row) for row in rows])],
    )
    edges = [(parent, row.artifact.id) for row in rows for parent in row.artifact.parents]
    if edges:
        await _insert_pairs(conn, "parents (parent, child)", edges)
    people = [(one, row.artifact.id) for row in rows for one in row.artifact.subjects]
    await _insert_pairs(conn, "artifact_subjects (subject, artifact)", people)


async def _insert_pairs(conn: Connection, into: LiteralString, pairs: Sequence[tuple[Id, Id]]) -> None:
    await conn.execute(
        f"INSERT INTO {into} SELECT * FROM unnest(%s::uuid[], %s::uuid[])",
        [digits(one for one, _ in pairs), digits(other for _, other in pairs)],
    )


def _fields(row: Registered) -> Mapping[str, object]:
    one = row.artifact
    return {
        "id": one.id.digits,
        "kind": one.kind,
        "purpose": one.purpose,
        "state": one.state,
        "subjects": [subject.digits for subject in one.subjects],
        "parents": [parent.digits for parent in one.parents],
        "run": one.run.digits if one.run else None,
        "writer": row.writer.digits,
        "sealed_key": f"\\x{row.sealed_key.hex()}",
        "key_epoch": row.epoch,
        "created_at": one.created_at.isoformat(),
        "deadline": one.deadline.isoformat() if one.deadline else None,
    }


async def _copy(conn: Connection, rows: Sequence[Registered]) -> None:
    """Three copies in text form, written by hand: of a crowd this is the hottest path of all."""
    edges = [f"{parent.digits}\t{row.artifact.id.digits}\n" for row in rows for parent in row.artifact.parents]
    people = [f"{one.digits}\t{row.artifact.id.digits}\n" for row in rows for one in row.artifact.subjects]
    async with conn.cursor() as cursor:
        async with cursor.copy(f"COPY artifacts ({_NEW}) FROM STDIN") as copy:
            await copy.write("".join(map(_line, rows)))
        if edges:
            async with cursor.copy("COPY parents (parent, child) FROM STDIN") as copy:
                await copy.write("".join(edges))
        async with cursor.copy("COPY artifact_subjects (subject, artifact) FROM STDIN") as copy:
            await copy.write("".join(people))


def _line(row: Registered) -> str:
    one = row.artifact
    subjects = ",".join([subject.digits for subject in one.subjects])
    parents = ",".join([parent.digits for parent in one.parents])
    return (
        f"{one.id.digits}\t{one.kind}\t{one.purpose}\t{one.state}\t{{{subjects}}}\t{{{parents}}}\t"
        f"{one.run.digits if one.run else _NULL}\t{row.writer.digits}\t\\\\x{row.sealed_key.hex()}\t{row.epoch}\t"
        f"{one.created_at.isoformat()}\t{one.deadline.isoformat() if one.deadline else _NULL}\n"
    )


def _by_id(rows: Sequence[TupleRow]) -> Mapping[ArtifactId, Artifact]:
    found = map(read, rows)
    return {one.id: one for one in found}


async def lock_for_commit(conn: Connection, ids: Iterable[ArtifactId]) -> Mapping[ArtifactId, Artifact]:
    cursor = await conn.execute(
        f"SELECT {COLUMNS} FROM artifacts WHERE id = ANY (%s::uuid[]) ORDER BY id FOR UPDATE", [digits(ids)]
    )
    return _by_id(await cursor.fetchall())


async def make_live(conn: Connection, receipts: Sequence[tuple[ArtifactId, Receipt]]) -> Mapping[ArtifactId, Artifact]:
    """Those of them that may become live: registered still, and every parent and subject live (I3)."""
    cursor = await conn.execute(
        """
        UPDATE artifacts a SET state = 'live', writer = NULL, size = r.size, sha256 = r.sha256, version_id = r.version
        FROM unnest(%s::uuid[], %s::int8[], %s::bytea[], %s::text[]) AS r (id, size, sha256, version)
        WHERE a.id = r.id AND a.state = 'registered'
          AND NOT EXISTS (SELECT FROM artifacts p WHERE p.id = ANY (a.parents) AND p.state NOT IN ('live', 'held'))
          AND NOT EXISTS (SELECT FROM subjects s WHERE s.id = ANY (a.subjects) AND s.state NOT IN ('active', 'frozen'))
        RETURNING a.id, a.kind, a.subjects, a.parents, a.purpose, a.run, a.state, a.size, a.created_at, a.deadline
        """,
        [
            digits(id for id, _ in receipts),
            [receipt.size for _, receipt in receipts],
            [receipt.sha256 for _, receipt in receipts],
            [receipt.version_id for _, receipt in receipts],
        ],
    )
    return _by_id(await cursor.fetchall())


async def due(
    conn: Connection, now: datetime, started_before: datetime, limit: int, among: Sequence[UUID] | None = None
) -> Sequence[tuple[UUID, UUID]]:
    """(artifact, first subject) of what is past its deadline, or was registered and never written; nothing of people
    who restricted processing (P7.6). With `among` only of these, locked."""
    cursor = await conn.execute(
        f"""
        SELECT a.id, a.subjects[1] FROM artifacts a
        WHERE (a.state IN ('registered', 'live') AND a.deadline <= %(now)s
               OR a.state = 'registered' AND a.created_at < %(started)s)
          AND NOT EXISTS (SELECT FROM subjects s WHERE s.id = ANY (a.subjects) AND s.state = 'frozen')
          {_AMONG if among is not None else ""}
        LIMIT %(limit)s {"FOR UPDATE OF a" if among is not None else ""}
        """,
        {"now": now, "started": started_before, "limit": limit, "among": list(among or ())},
    )
    return [(row[0], row[1]) for row in await cursor.fetchall()]


async def with_bytes(conn: Connection, ids: Iterable[ArtifactId]) -> set[ArtifactId]:
    """Those of them that may have bytes in the bucket."""
    cursor = await conn.execute(
        "SELECT id FROM artifacts WHERE id = ANY (%s::uuid[]) AND state <> 'erased'", [digits(ids)]
    )
    return {ArtifactId.of(row[0]) for row in await cursor.fetchall()}


async def all_stored(conn: Connection) -> Sequence[Sealed]:
    """Everything that has bytes and a key."""
    cursor = await conn.execute(
        f"""
        SELECT {COLUMNS}, sealed_key, key_epoch, version_id, sha256 FROM artifacts
        WHERE state IN ('live', 'held') ORDER BY id
        """
    )
    return [Sealed(read(row), *row[10:]) for row in await cursor.fetchall()]


async def set_version(conn: Connection, id: ArtifactId, version_id: str) -> None:
    """Its bytes were put back under a new version."""
    await conn.execute("UPDATE artifacts SET version_id = %s WHERE id = %s", [version_id, id.uuid])
