"""What an erasure does to rows: fence, count who holds, scrub."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from governance.ids import digits
from governance.ledger import money
from governance.ledger.database import Connection
from governance.model import ArtifactId, RequestId, SubjectId, Target


async def is_known(conn: Connection, target: Target) -> bool:
    """Whether the ledger has a row of it: one made after a backup has none in the restored ledger."""
    table = "subjects" if isinstance(target, SubjectId) else "artifacts"
    cursor = await conn.execute(f"SELECT EXISTS (SELECT FROM {table} WHERE id = %s)", [target.uuid])
    row = await cursor.fetchone()
    return bool(row and row[0])


async def fence(conn: Connection, ids: Sequence[UUID]) -> None:
    """Their keys are destroyed: from this commit on nothing can read them."""
    await conn.execute(
        """
        UPDATE artifacts SET state = 'erasing', sealed_key = NULL, key_epoch = NULL
        WHERE id = ANY (%s) AND state IN ('registered', 'live', 'held')
        """,
        [list(ids)],
    )


async def fence_subjects(conn: Connection, ids: Iterable[SubjectId]) -> None:
    await conn.execute(
        "UPDATE subjects SET state = 'erasing', sealed_key = NULL, key_epoch = NULL WHERE id = ANY (%s::uuid[])",
        [digits(ids)],
    )


async def keep_under_custody(conn: Connection, id: UUID, sealed_key: bytes, epoch: int) -> None:
    """Its key is sealed for the legal duty alone."""
    await conn.execute(
        "UPDATE artifacts SET state = 'held', sealed_key = %s, key_epoch = %s WHERE id = %s",
        [sealed_key, epoch, id],
    )


async def cancel_runs(conn: Connection, closure: Iterable[UUID], people: Iterable[UUID], now: datetime) -> None:
    """Nothing can be registered in them any more."""
    await conn.execute(
        """
        UPDATE runs SET state = 'canceled', finished_at = %s
        WHERE state = 'running' AND (subjects && %s::uuid[] OR inputs && %s::uuid[])
        """,
        [now, list(people), list(closure)],
    )


async def held_by_someone(conn: Connection, ids: Iterable[RequestId]) -> set[RequestId]:
    """Those of which copies of artifacts are in somebody's memory, or being written, under a lease."""
    cursor = await conn.execute(
        """
        SELECT DISTINCT r.request FROM request_artifacts r JOIN artifacts a ON a.id = r.artifact
        WHERE r.request = ANY (%s::uuid[]) AND a.state = 'erasing' AND (
            EXISTS (SELECT FROM holdings h WHERE h.artifact = a.id)
            OR EXISTS (SELECT FROM holders h WHERE h.id = a.writer))
        """,
        [digits(ids)],
    )
    return {RequestId.of(row[0]) for row in await cursor.fetchall()}


async def locations(conn: Connection, ids: Iterable[RequestId]) -> Mapping[RequestId, Sequence[str]]:
    """Where the artifacts of each request have their bytes."""
    cursor = await conn.execute(
        """
        SELECT r.request, a.id, a.subjects[1] FROM request_artifacts r JOIN artifacts a ON a.id = r.artifact
        WHERE r.request = ANY (%s::uuid[]) AND a.state IN ('erasing', 'erased')
        """,
        [digits(ids)],
    )
    found: dict[RequestId, list[str]] = {}
    for request, id, subject in await cursor.fetchall():
        found.setdefault(RequestId.of(request), []).append(ArtifactId.of(id).location(SubjectId.of(subject)))
    return found


async def scrub_artifacts(conn: Connection, requests: Iterable[RequestId], now: datetime) -> Sequence[ArtifactId]:
    """Leave tombstones, which say only that they are gone and to whom they belonged."""
    cursor = await conn.execute(
        "SELECT artifact FROM request_artifacts WHERE request = ANY (%s::uuid[])", [digits(requests)]
    )
    taken = [row[0] for row in await cursor.fetchall()]
    await money.remember_pictures(conn, taken)
    await conn.execute(
        """
        DELETE FROM parents p USING artifacts a, unnest(a.parents) AS made_from (id)
        WHERE a.id = ANY (%s) AND a.state = 'erasing' AND p.parent = made_from.id AND p.child = a.id
        """,
        [taken],
    )
    cursor = await conn.execute(
        """
        UPDATE artifacts SET state = 'erased', erased_at = %s, version_id = NULL, sha256 = NULL, size = NULL,
                             run = NULL, writer = NULL, parents = '{}', deadline = NULL
        WHERE state = 'erasing' AND id = ANY (%s)
        RETURNING id
        """,
        [now, taken],
    )
    erased = [row[0] for row in await cursor.fetchall()]
    await conn.execute("DELETE FROM parents WHERE parent = ANY (%s)", [erased])
    await conn.execute("DELETE FROM holdings WHERE artifact = ANY (%s)", [erased])
    return [ArtifactId.of(one) for one in erased]


async def scrub_subject(conn: Connection, id: SubjectId, now: datetime) -> None:
    """Everything else that names the person."""
    for statement in _SCRUB_SUBJECT:
        await conn.execute(statement, {"subject": id.uuid, "now": now})


_SCRUB_SUBJECT = (
    "DELETE FROM accounts WHERE subject = %(subject)s",
    "DELETE FROM consents WHERE subject = %(subject)s",
    "DELETE FROM shares WHERE %(subject)s IN (giver, receiver)",
    "DELETE FROM codes WHERE subject = %(subject)s",
    "DELETE FROM notices WHERE subject = %(subject)s",
    "DELETE FROM tickets WHERE subject = %(subject)s",
    "DELETE FROM webhooks WHERE subject = %(subject)s",
    "DELETE FROM events WHERE subject = %(subject)s",
    "DELETE FROM idempotency WHERE owner = %(subject)s",
    """
    UPDATE jobs SET inputs = '{}', params = '{}', preset = '', run = NULL, idempotency_key = NULL, curve = '[]'
    WHERE owner = %(subject)s
    """,
    "UPDATE runs SET subjects = array_remove(subjects, %(subject)s), inputs = '{}' WHERE %(subject)s = ANY (subjects)",
    """
    UPDATE rights_requests SET state = 'withdrawn', answered_at = %(now)s, leased_until = NULL
    WHERE subject = %(subject)s AND state IN ('received', 'working')
    """,
    """
    UPDATE rights_requests SET artifact = NULL, message = NULL, answer = NULL, result = NULL
    WHERE subject = %(subject)s
    """,
    "UPDATE subjects SET objections = '{}' WHERE id = %(subject)s",
    "UPDATE subjects SET state = 'erased', erased_at = %(now)s WHERE id = %(subject)s AND state = 'erasing'",
)
