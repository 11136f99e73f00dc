"""Rows of erasures on their way."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import TupleRow
from psycopg.types.json import Json, Jsonb

from governance.errors import NotFound
from governance.ids import digits
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
class Opened:
    """A new request: who asked, what it takes, and what the certificate says of what stays."""

    request: Request
    by: By
    artifacts: Sequence[UUID]
    holds: Sequence[Mapping[str, Any]]


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


async def insert(conn: Connection, opened: Sequence[Opened]) -> None:
    """With what each took."""
    rows = [(one, one.request, one.request.target) for one in opened]
    await conn.execute(
        """
        INSERT INTO requests (id, kind, asked_by, owner, subject, artifact, state, counts, held,
                              created_at, due_at, next_at)
        SELECT id, kind, asked_by, owner, subject, artifact, state, counts, held, created_at, due_at, created_at
        FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::uuid[], %s::uuid[], %s::uuid[], %s::text[], %s::jsonb[],
                    %s::jsonb[], %s::timestamptz[], %s::timestamptz[])
          AS n (id, kind, asked_by, owner, subject, artifact, state, counts, held, created_at, due_at)
        """,
        [
            digits(request.id for _, request, _ in rows),
            [str(request.kind) for _, request, _ in rows],
            [str(one.by) for one, _, _ in rows],
            digits(request.owner for _, request, _ in rows),
            [target.uuid if isinstance(target, SubjectId) else None for _, _, target in rows],
            [target.uuid if isinstance(target, ArtifactId) else None for _, _, target in rows],
            [str(request.state) for _, request, _ in rows],
            [Jsonb(dict(request.counts)) for _, request, _ in rows],
            [Jsonb(list(one.holds)) for one, _, _ in rows],
            [request.created_at for _, request, _ in rows],
            [request.due_at for _, request, _ in rows],
        ],
    )
    took = [(one.request.id, id) for one in opened for id in one.artifacts]
    await conn.execute(
        """
        INSERT INTO request_artifacts (request, artifact, kind)
        SELECT t.request, a.id, a.kind FROM unnest(%s::uuid[], %s::uuid[]) AS t (request, artifact)
        JOIN artifacts a ON a.id = t.artifact
        """,
        [digits(request for request, _ in took), [id for _, id in took]],
    )


async def add_leaves(conn: Connection, places: Mapping[RequestId, Iterable[int]], of: int) -> None:
    """Which of the last `of` entries of the audit log, that this transaction has just appended, are the certificates'
    evidence; counted from 0."""
    pairs = [(id, place) for id, found in places.items() for place in found]
    await conn.execute(
        """
        UPDATE requests r SET leaves = r.leaves || n.places FROM (
            SELECT id, array_agg(h.size - %s + place ORDER BY place) AS places
            FROM audit_head h, unnest(%s::uuid[], %s::bigint[]) AS p (id, place) GROUP BY id) n
        WHERE r.id = n.id
        """,
        [of, digits(id for id, _ in pairs), [place for _, place in pairs]],
    )


async def of_targets(conn: Connection, targets: Iterable[Target]) -> Mapping[Target, Request]:
    """Those of them that somebody asked to erase already."""
    wanted = digits(targets)
    cursor = await conn.execute(
        f"SELECT {_COLUMNS} FROM requests WHERE subject = ANY (%(ids)s::uuid[]) OR artifact = ANY (%(ids)s::uuid[])",
        {"ids": wanted},
    )
    found = map(read, await cursor.fetchall())
    return {one.target: one for one in found if one.target is not None}


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
    return [_taken(row) for row in await cursor.fetchall()]


def _taken(row: TupleRow) -> Taken:
    return Taken(read(row), By(row[11]), row[12])


async def advance(
    conn: Connection, ids: Iterable[RequestId], from_state: RequestState, to: RequestState
) -> set[RequestId]:
    """Those that moved; with another another process was quicker."""
    cursor = await conn.execute(
        "UPDATE requests SET state = %s, attempts = 0 WHERE id = ANY (%s::uuid[]) AND state = %s RETURNING id",
        [to, digits(ids), from_state],
    )
    return {RequestId.of(row[0]) for row in await cursor.fetchall()}


async def complete(conn: Connection, certificates: Mapping[RequestId, str], now: datetime) -> set[RequestId]:
    """Those that were not complete yet."""
    cursor = await conn.execute(
        """
        UPDATE requests r SET state = 'completed', certificate = n.certificate, completed_at = %s, leased_until = NULL
        FROM json_each_text(%s) AS n (id, certificate) WHERE r.id = n.id::uuid AND r.state = 'scanned'
        RETURNING r.id
        """,
        [now, Json({id.digits: text for id, text in certificates.items()})],
    )
    return {RequestId.of(row[0]) for row in await cursor.fetchall()}


async def put_back(conn: Connection, next_at: Mapping[RequestId, datetime], failed: bool) -> None:
    """Let them rest until then."""
    await conn.execute(
        """
        UPDATE requests r SET leased_until = NULL, next_at = n.at, attempts = r.attempts + %s
        FROM unnest(%s::uuid[], %s::timestamptz[]) AS n (id, at) WHERE r.id = n.id
        """,
        [int(failed), digits(next_at), list(next_at.values())],
    )


async def set_residue(conn: Connection, id: RequestId, residue: Mapping[str, Any]) -> None:
    await conn.execute("UPDATE requests SET residue = %s WHERE id = %s", [Jsonb(dict(residue)), id.uuid])


async def evidence(conn: Connection, ids: Iterable[RequestId]) -> Mapping[RequestId, Evidence]:
    cursor = await conn.execute(
        "SELECT id, leaves, residue, held FROM requests WHERE id = ANY (%s::uuid[])", [digits(ids)]
    )
    return {RequestId.of(row[0]): Evidence(*row[1:]) for row in await cursor.fetchall()}


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


async def exists(conn: Connection, id: RequestId) -> bool:
    cursor = await conn.execute("SELECT EXISTS (SELECT FROM requests WHERE id = %s)", [id.uuid])
    row = await cursor.fetchone()
    return bool(row and row[0])


async def unjournaled(conn: Connection, ids: Iterable[RequestId]) -> Sequence[tuple[Taken, Sequence[ArtifactId]]]:
    """Those of them that do not stand in the journal yet, each with what it took."""
    cursor = await conn.execute(
        f"""
        SELECT {_COLUMNS}, asked_by, attempts,
               ARRAY(SELECT t.artifact FROM request_artifacts t WHERE t.request = requests.id ORDER BY t.artifact)
        FROM requests WHERE id = ANY (%s::uuid[]) AND journaled_at IS NULL ORDER BY id
        """,
        [digits(ids)],
    )
    rows = await cursor.fetchall()
    return [(_taken(row), [ArtifactId.of(one) for one in row[13]]) for row in rows]


async def set_journaled(conn: Connection, ids: Iterable[RequestId], now: datetime) -> None:
    """Those of them that were not noted yet."""
    await conn.execute(
        "UPDATE requests SET journaled_at = %s WHERE id = ANY (%s::uuid[]) AND journaled_at IS NULL", [now, digits(ids)]
    )
