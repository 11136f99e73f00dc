"""Rows of requests by which people exercise their rights. Erasures have rows of their own; the officer's queue shows
both."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from psycopg.rows import TupleRow

from governance.ids import digits
from governance.ledger.database import Connection
from governance.model import ArtifactId, Purpose, RequestId, SubjectId
from governance.rights.model import Channel, NewRightsRequest, Outcome, Right, RightsRequest, RightState, Settlement

_COLUMNS = (
    "id, kind, subject, channel, state, created_at, due_at, warn_at, purpose, artifact, message, outcome, "
    "answer, result, extended, answered_at"
)
# An erasure as the queue shows it: everything but its clock and its end is said by its own request.
_ERASURES = """
    SELECT id, 'erasure', owner, CASE asked_by WHEN 'subject' THEN 'account' ELSE 'officer' END,
           CASE state WHEN 'completed' THEN 'answered' ELSE 'working' END, created_at, due_at,
           due_at - interval '2 days', NULL, artifact, NULL::uuid,
           CASE state WHEN 'completed' THEN 'fulfilled' END, NULL::uuid, NULL::uuid, false, completed_at
    FROM requests WHERE kind = 'erasure'
"""
_QUEUE = f"SELECT {_COLUMNS} FROM rights_requests UNION ALL {_ERASURES}"


def read(row: TupleRow) -> RightsRequest:
    return RightsRequest(
        id=RequestId.of(row[0]),
        right=Right(row[1]),
        subject=SubjectId.of(row[2]),
        channel=Channel(row[3]),
        state=RightState(row[4]),
        created_at=row[5],
        due_at=row[6],
        warn_at=row[7],
        purpose=Purpose(row[8]) if row[8] else None,
        artifact=_artifact(row[9]),
        message=_artifact(row[10]),
        outcome=Outcome(row[11]) if row[11] else None,
        answer=_artifact(row[12]),
        result=_artifact(row[13]),
        extended=row[14],
        answered_at=row[15],
    )


async def insert(conn: Connection, one: RightsRequest) -> None:
    await conn.execute(
        f"""
        INSERT INTO rights_requests ({_COLUMNS})
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [
            one.id.uuid,
            one.right,
            one.subject.uuid,
            one.channel,
            one.state,
            one.created_at,
            one.due_at,
            one.warn_at,
            one.purpose,
            _uuid(one.artifact),
            _uuid(one.message),
            one.outcome,
            _uuid(one.answer),
            _uuid(one.result),
            one.extended,
            one.answered_at,
        ],
    )


async def get(conn: Connection, id: RequestId) -> RightsRequest | None:
    """Also an erasure, as the queue shows it."""
    cursor = await conn.execute(f"SELECT * FROM ({_QUEUE}) AS queue WHERE id = %s", [id.uuid])
    row = await cursor.fetchone()
    return read(row) if row else None


async def lock(conn: Connection, id: RequestId) -> RightsRequest | None:
    """For changing it; erasures change by themselves."""
    cursor = await conn.execute(f"SELECT {_COLUMNS} FROM rights_requests WHERE id = %s FOR UPDATE", [id.uuid])
    row = await cursor.fetchone()
    return read(row) if row else None


async def same(conn: Connection, new: NewRightsRequest) -> RightsRequest | None:
    """An earlier request for just this that is open, or that is in force: a restriction, an objection."""
    cursor = await conn.execute(
        f"""
        SELECT {_COLUMNS} FROM rights_requests
        WHERE subject = %s AND kind = %s AND purpose IS NOT DISTINCT FROM %s
          AND artifact IS NOT DISTINCT FROM %s::uuid AND message IS NOT DISTINCT FROM %s::uuid
          AND (state IN ('received', 'working') OR (state = 'answered' AND kind IN ('restriction', 'objection')))
        ORDER BY id DESC LIMIT 1
        """,
        [new.subject.uuid, new.right, new.purpose, _uuid(new.artifact), _uuid(new.message)],
    )
    row = await cursor.fetchone()
    return read(row) if row else None


async def numbered(conn: Connection, number: UUID) -> RequestId | None:
    """What an outside tool's number stands for."""
    cursor = await conn.execute("SELECT request FROM outside_numbers WHERE number = %s", [number])
    row = await cursor.fetchone()
    return RequestId.of(row[0]) if row else None


async def set_number(conn: Connection, number: UUID, request: RequestId, now: datetime) -> None:
    """The first request with a number keeps it."""
    await conn.execute(
        "INSERT INTO outside_numbers (number, request, received_at) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
        [number, request.uuid, now],
    )


async def lift_restrictions(conn: Connection, people: Iterable[SubjectId], now: datetime) -> None:
    """They are in force no more."""
    await conn.execute(
        """
        UPDATE rights_requests SET state = 'withdrawn', answered_at = %s
        WHERE subject = ANY (%s::uuid[]) AND kind = 'restriction' AND state = 'answered'
        """,
        [now, digits(people)],
    )


async def listed(
    conn: Connection, subject: SubjectId | None, only_open: bool, before: RequestId | None, limit: int
) -> Sequence[RightsRequest]:
    """Newest first."""
    cursor = await conn.execute(
        f"""
        SELECT * FROM ({_QUEUE}) AS queue
        WHERE (%(subject)s::uuid IS NULL OR subject = %(subject)s) AND (%(before)s::uuid IS NULL OR id < %(before)s)
          AND (NOT %(open)s OR state IN ('received', 'working'))
        ORDER BY id DESC LIMIT %(limit)s
        """,
        {"subject": _uuid(subject), "before": _uuid(before), "open": only_open, "limit": limit},
    )
    return [read(row) for row in await cursor.fetchall()]


async def settle(conn: Connection, id: RequestId, end: Settlement, now: datetime) -> None:
    await conn.execute(
        """
        UPDATE rights_requests SET state = %s, outcome = %s, answer = %s, result = coalesce(%s, result),
                                   answered_at = %s, leased_until = NULL
        WHERE id = %s
        """,
        [end.outcome.state, end.outcome, _uuid(end.answer), _uuid(end.result), now, id.uuid],
    )


async def withdraw(conn: Connection, id: RequestId, now: datetime) -> None:
    await conn.execute(
        "UPDATE rights_requests SET state = 'withdrawn', answered_at = %s, leased_until = NULL WHERE id = %s",
        [now, id.uuid],
    )


async def extend(conn: Connection, id: RequestId, due_at: datetime, warn_at: datetime) -> None:
    await conn.execute(
        "UPDATE rights_requests SET extended = true, due_at = %s, warn_at = %s WHERE id = %s",
        [due_at, warn_at, id.uuid],
    )


async def take_export(conn: Connection, now: datetime, until: datetime) -> RightsRequest | None:
    """One request for an archive that nobody is making; it is this process's own until then."""
    cursor = await conn.execute(
        f"""
        UPDATE rights_requests SET state = 'working', leased_until = %(until)s, attempts = attempts + 1 WHERE id = (
            SELECT id FROM rights_requests
            WHERE kind IN ('access', 'portability') AND state IN ('received', 'working')
              AND (leased_until IS NULL OR leased_until <= %(now)s)
            ORDER BY created_at LIMIT 1 FOR UPDATE SKIP LOCKED)
        RETURNING {_COLUMNS}
        """,
        {"now": now, "until": until},
    )
    row = await cursor.fetchone()
    return read(row) if row else None


async def put_back_export(conn: Connection, id: RequestId, rest: datetime) -> None:
    """The archive could not be made now; it rests until then."""
    await conn.execute(
        "UPDATE rights_requests SET state = 'received', leased_until = %s WHERE id = %s AND state = 'working'",
        [rest, id.uuid],
    )


def _artifact(uuid: UUID | None) -> ArtifactId | None:
    return ArtifactId.of(uuid) if uuid else None


def _uuid(id: ArtifactId | RequestId | SubjectId | None) -> UUID | None:
    return id.uuid if id else None
