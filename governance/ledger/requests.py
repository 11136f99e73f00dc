"""Rows of erasures on their way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb

from governance.errors import NotFound
from governance.ledger.database import Connection
from governance.model import ArtifactId, By, Request, RequestId, RequestKind, RequestState, SubjectId, Target

_COLUMNS = "id, kind, owner, subject, artifact, state, created_at, due_at, completed_at, counts, held"


@dataclass(frozen=True, slots=True)
class Taken:
    """A request whose next step belongs to this process for a while."""

    request: Request
    by: By
    attempts: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the certificate is made of."""

    leaves: Sequence[int]
    residue: Mapping[str, Any] | None
    holds: Sequence[Mapping[str, Any]]


def read(row: TupleRow) -> Request:
    target: Target | None = None
    if row[3] is not None:
        target = SubjectId.of(row[3])
    elif row[4] is not None:
        target = ArtifactId.of(row[4])
    held: dict[str, int] = {}
    for one in row[10]:
        held[one["kind"]] = held.get(one["kind"], 0) + one["count"]
    return Request(
        id=RequestId.of(row[0]),
        kind=RequestKind(row[1]),
        owner=SubjectId.of(row[2]),
        target=target,
        state=RequestState(row[5]),
        created_at=row[6],
        due_at=row[7],
        completed_at=row[8],
        counts=row[9],
        held=held,
    )


async def insert(conn: Connection, request: Request, by: By, holds: Sequence[Mapping[str, Any]]) -> None:
    target = request.target
    await conn.execute(
        """
        INSERT INTO requests (id, kind, asked_by, owner, subject, artifact, state, counts, held,
                              created_at, due_at, next_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [
            request.id.uuid,
            request.kind,
            by,
            request.owner.uuid,
            target.uuid if isinstance(target, SubjectId) else None,
            target.uuid if isinstance(target, ArtifactId) else None,
            request.state,
            Jsonb(dict(request.counts)),
            Jsonb(list(holds)),
            request.created_at,
            request.due_at,
            request.created_at,
        ],
    )


async def add_artifacts(conn: Connection, id: RequestId, artifacts: Sequence[UUID]) -> None:
    await conn.execute(
        """
        INSERT INTO request_artifacts (request, artifact, kind)
        SELECT %s, id, kind FROM artifacts WHERE id = ANY (%s)
        """,
        [id.uuid, list(artifacts)],
    )


async def add_leaves(conn: Connection, id: RequestId, leaves: Sequence[int]) -> None:
    """Where in the audit log the certificate's evidence is."""
    await conn.execute("UPDATE requests SET leaves = leaves || %s::bigint[] WHERE id = %s", [list(leaves), id.uuid])


async def of_target(conn: Connection, target: Target) -> Request | None:
    column = "subject" if isinstance(target, SubjectId) else "artifact"
    cursor = await conn.execute(f"SELECT {_COLUMNS} FROM requests WHERE {column} = %s", [target.uuid])
    row = await cursor.fetchone()
    return read(row) if row else None


async def get(conn: Connection, id: RequestId) -> Request:
    cursor = await conn.execute(f"SELECT {_COLUMNS} FROM requests WHERE id = %s", [id.uuid])
    row = await cursor.fetchone()
    if row is None:
        raise NotFound()
    return read(row)


async def take(conn: Connection, now: datetime, until: datetime, limit: int) -> Sequence[Taken]:
    """Open requests that are due and that no other process is working on."""
    cursor = await conn.execute(
        f"""
        UPDATE requests SET leased_until = %s WHERE id IN (
            SELECT id FROM requests
            WHERE state <> 'completed' AND next_at <= %s AND (leased_until IS NULL OR leased_until <= %s)
            ORDER BY next_at LIMIT %s FOR UPDATE SKIP LOCKED)
        RETURNING {_COLUMNS}, asked_by, attempts
        """,
        [until, now, now, limit],
    )
    return [Taken(read(row), By(row[11]), row[12]) for row in await cursor.fetchall()]


async def advance(conn: Connection, id: RequestId, from_state: RequestState, to: RequestState) -> bool:
    """False when another process was quicker."""
    cursor = await conn.execute(
        "UPDATE requests SET state = %s, attempts = 0 WHERE id = %s AND state = %s", [to, id.uuid, from_state]
    )
    return cursor.rowcount == 1


async def complete(conn: Connection, id: RequestId, certificate: str, now: datetime) -> bool:
    cursor = await conn.execute(
        """
        UPDATE requests SET state = 'completed', certificate = %s, completed_at = %s, leased_until = NULL
        WHERE id = %s AND state = 'scanned'
        """,
        [certificate, now, id.uuid],
    )
    return cursor.rowcount == 1


async def put_back(conn: Connection, id: RequestId, next_at: datetime, failed: bool) -> None:
    """Let it rest until then."""
    await conn.execute(
        "UPDATE requests SET leased_until = NULL, next_at = %s, attempts = attempts + %s WHERE id = %s",
        [next_at, int(failed), id.uuid],
    )


async def set_residue(conn: Connection, id: RequestId, residue: Mapping[str, Any]) -> None:
    await conn.execute("UPDATE requests SET residue = %s WHERE id = %s", [Jsonb(dict(residue)), id.uuid])


async def evidence(conn: Connection, id: RequestId) -> Evidence:
    cursor = await conn.execute("SELECT leaves, residue, held FROM requests WHERE id = %s", [id.uuid])
    row = await cursor.fetchone()
    assert row is not None
    return Evidence(row[0], row[1], row[2])


async def certificate(conn: Connection, id: RequestId) -> tuple[datetime, str] | None:
    cursor = await conn.execute(
        "SELECT completed_at, certificate FROM requests WHERE id = %s AND state = 'completed'", [id.uuid]
    )
    row = await cursor.fetchone()
    return (row[0], row[1]) if row else None


async def overdue(conn: Connection, now: datetime) -> Sequence[RequestId]:
    """Requests that broke the promise: they raise an alarm (P6.2)."""
    cursor = await conn.execute("SELECT id FROM requests WHERE state <> 'completed' AND due_at < %s", [now])
    return [RequestId.of(row[0]) for row in await cursor.fetchall()]


async def artifacts(conn: Connection, id: RequestId) -> Sequence[ArtifactId]:
    """What the request took."""
    cursor = await conn.execute("SELECT artifact FROM request_artifacts WHERE request = %s", [id.uuid])
    return [ArtifactId.of(row[0]) for row in await cursor.fetchall()]


async def asked_by(conn: Connection, id: RequestId) -> By:
    cursor = await conn.execute("SELECT asked_by FROM requests WHERE id = %s", [id.uuid])
    row = await cursor.fetchone()
    assert row is not None
    return By(row[0])


async def exists(conn: Connection, id: RequestId) -> bool:
    cursor = await conn.execute("SELECT EXISTS (SELECT FROM requests WHERE id = %s)", [id.uuid])
    row = await cursor.fetchone()
    return bool(row and row[0])


async def is_journaled(conn: Connection, id: RequestId) -> bool:
    cursor = await conn.execute("SELECT journaled_at IS NOT NULL FROM requests WHERE id = %s", [id.uuid])
    row = await cursor.fetchone()
    return bool(row and row[0])


async def set_journaled(conn: Connection, id: RequestId, now: datetime) -> None:
    await conn.execute("UPDATE requests SET journaled_at = %s WHERE id = %s", [now, id.uuid])
