"""What a person said no to: purposes on the subject's row, so that every check of a person sees them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from governance.ledger.database import Connection
from governance.model import JobState, Purpose, RunId, SubjectId


async def of_subject(conn: Connection, subject: SubjectId) -> frozenset[Purpose]:
    cursor = await conn.execute("SELECT objections FROM subjects WHERE id = %s", [subject.uuid])
    row = await cursor.fetchone()
    return frozenset(Purpose(one) for one in row[0]) if row else frozenset()


async def set_purposes(conn: Connection, subject: SubjectId, purposes: frozenset[Purpose]) -> None:
    await conn.execute(
        "UPDATE subjects SET objections = %s WHERE id = %s", [sorted(str(one) for one in purposes), subject.uuid]
    )


async def cancel_runs(conn: Connection, subject: SubjectId, purpose: Purpose, now: datetime) -> Sequence[RunId]:
    """Nothing can be registered in them any more."""
    cursor = await conn.execute(
        """
        UPDATE runs SET state = 'canceled', finished_at = %s
        WHERE state = 'running' AND purpose = %s AND %s = ANY (subjects) RETURNING id
        """,
        [now, purpose, subject.uuid],
    )
    return [RunId.of(row[0]) for row in await cursor.fetchall()]


async def cancel_jobs(conn: Connection, subject: SubjectId, now: datetime) -> int:
    """Every training on this person's data, also running ones: their attempt is over."""
    cursor = await conn.execute(
        """
        UPDATE jobs SET state = %s, worker = NULL, heartbeat_at = NULL, finished_at = %s
        WHERE state IN ('queued', 'starting', 'processing') AND (owner = %s OR EXISTS (
            SELECT FROM artifact_subjects e WHERE e.subject = %s AND e.artifact = ANY (jobs.inputs)))
        """,
        [JobState.CANCELED, now, subject.uuid, subject.uuid],
    )
    return cursor.rowcount


async def unfinished(conn: Connection, runs: Sequence[RunId]) -> Sequence[UUID]:
    """What was registered in these runs and is not stored yet."""
    cursor = await conn.execute(
        "SELECT id FROM artifacts WHERE run = ANY (%s) AND state = 'registered'", [[one.uuid for one in runs]]
    )
    return [row[0] for row in await cursor.fetchall()]
