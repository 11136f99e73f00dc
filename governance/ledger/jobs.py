"""Rows of the training queue."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb

from governance.ledger.database import Connection
from governance.model import (
    ArtifactId,
    ClaimedJob,
    Job,
    JobCandidate,
    JobForecast,
    JobId,
    JobOutcome,
    JobPace,
    JobReport,
    JobState,
    NewJob,
    RunId,
    SubjectId,
)

_COLUMNS = (
    "id, owner, inputs, preset, params, state, region, progress, run, result, code, created_at, finished_at, "
    "step, steps, seconds_left, curve, place, starts_at, ends_at, waits_for"
)
_NUMBER = len(_COLUMNS.split(", "))
_OF_JOBS = ", ".join(f"jobs.{name}" for name in _COLUMNS.split(", "))


@dataclass(frozen=True, slots=True)
class Working:
    """A running job as its worker's calls find it."""

    attempt: int
    cancel_asked: bool
    owner_state: str


def read(row: TupleRow, ahead: int | None = None) -> Job:
    """A job of a row of `_COLUMNS`; `ahead` counts those before it by priority and age, for want of a forecast."""
    params: Mapping[str, Any] = row[4]
    forecast = JobForecast(*row[17:21]) if row[20] else None
    return Job(
        id=JobId.of(row[0]),
        owner=SubjectId.of(row[1]),
        inputs=tuple(ArtifactId.of(one) for one in row[2]),
        preset=row[3],
        params=params,
        state=JobState(row[5]),
        region=row[6],
        progress=row[7],
        position=forecast.position if forecast else ahead,
        run=RunId.of(row[8]) if row[8] else None,
        result=ArtifactId.of(row[9]) if row[9] else None,
        code=row[10],
        created_at=row[11],
        finished_at=row[12],
        forecast=forecast,
        pace=JobPace(row[13], row[14], row[15], tuple((step, loss) for step, loss in row[16])) if row[14] else None,
    )


async def insert(conn: Connection, id: JobId, new: NewJob, region: str, now: datetime) -> bool:
    """False when this idempotency key was used before."""
    cursor = await conn.execute(
        """
        INSERT INTO jobs (id, owner, inputs, preset, params, region, priority, gpu_seconds, memory_mb,
                          idempotency_key, state, created_at, queued_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 'queued', %s, %s)
        ON CONFLICT (owner, idempotency_key) WHERE idempotency_key IS NOT NULL DO NOTHING
        """,
        [
            id.uuid,
            new.owner.uuid,
            [one.uuid for one in new.inputs],
            new.preset,
            Jsonb(dict(new.params)),
            region,
            new.priority,
            new.gpu_seconds,
            new.memory_mb,
            new.idempotency_key,
            now,
            now,
        ],
    )
    return cursor.rowcount == 1


async def by_key(conn: Connection, owner: SubjectId, key: str) -> JobId:
    cursor = await conn.execute("SELECT id FROM jobs WHERE owner = %s AND idempotency_key = %s", [owner.uuid, key])
    row = await cursor.fetchone()
    assert row is not None, "the insert met this very row"
    return JobId.of(row[0])


async def get(conn: Connection, id: JobId) -> Job | None:
    cursor = await conn.execute(
        f"""
        SELECT {_COLUMNS}, CASE WHEN state = 'queued' THEN (
            SELECT count(*) FROM jobs q WHERE q.state = 'queued'
            AND (q.priority > jobs.priority OR (q.priority = jobs.priority AND q.queued_at < jobs.queued_at))) END
        FROM jobs WHERE id = %s
        """,
        [id.uuid],
    )
    row = await cursor.fetchone()
    return read(row, row[_NUMBER]) if row else None


async def of_owner(conn: Connection, owner: SubjectId, before: JobId | None, limit: int) -> Sequence[Job]:
    cursor = await conn.execute(
        f"""
        SELECT {_COLUMNS} FROM jobs
        WHERE owner = %(owner)s AND (%(before)s::uuid IS NULL OR id < %(before)s) ORDER BY id DESC LIMIT %(limit)s
        """,
        {"owner": owner.uuid, "before": before.uuid if before else None, "limit": limit},
    )
    return [read(row) for row in await cursor.fetchall()]


async def lock(conn: Connection, id: JobId) -> Working | None:
    """A job for changing it."""
    cursor = await conn.execute(
        """
        SELECT j.attempt, j.cancel_asked_at IS NOT NULL, s.state FROM jobs j JOIN subjects s ON s.id = j.owner
        WHERE j.id = %s FOR UPDATE OF j
        """,
        [id.uuid],
    )
    row = await cursor.fetchone()
    return Working(row[0], row[1], row[2]) if row else None


async def cancel(conn: Connection, id: JobId, now: datetime) -> None:
    """A queued job ends now; for a running one the wish is noted for its worker."""
    await conn.execute(
        "UPDATE jobs SET state = 'canceled', finished_at = %s WHERE id = %s AND state = 'queued'", [now, id.uuid]
    )
    await conn.execute(
        """
        UPDATE jobs SET cancel_asked_at = coalesce(cancel_asked_at, %s)
        WHERE id = %s AND state IN ('starting', 'processing')
        """,
        [now, id.uuid],
    )


async def candidates(conn: Connection, limit: int, since: datetime) -> Sequence[JobCandidate]:
    """Queued jobs of active people, oldest first, with what their owners used since then and run now."""
    cursor = await conn.execute(
        """
        WITH waiting AS (
            SELECT j.* FROM jobs j JOIN subjects s ON s.id = j.owner AND s.state = 'active'
            WHERE j.state = 'queued' ORDER BY j.queued_at LIMIT %s
        ), used AS (
            SELECT owner, sum(used_gpu_seconds) AS seconds,
                   count(*) FILTER (WHERE state IN ('starting', 'processing')) AS running
            FROM jobs
            WHERE owner IN (SELECT owner FROM waiting) AND (finished_at IS NULL OR finished_at > %s) GROUP BY owner
        )
        SELECT id, owner, region, priority, gpu_seconds, memory_mb, coalesce(seconds, 0), queued_at,
               coalesce(running, 0), attempt - preempted, requeued_at
        FROM waiting LEFT JOIN used USING (owner) ORDER BY queued_at
        """,
        [limit, since],
    )
    return [JobCandidate(JobId.of(row[0]), SubjectId.of(row[1]), *row[2:]) for row in await cursor.fetchall()]


async def claim(
    conn: Connection, worker: str, capacity: int, region: str | None, ids: Sequence[JobId] | None, now: datetime
) -> Sequence[ClaimedJob]:
    """Each queued job to one worker at most: rows that another is claiming are passed over."""
    cursor = await conn.execute(
        f"""
        WITH chosen AS (
            SELECT j.id FROM jobs j JOIN subjects s ON s.id = j.owner AND s.state = 'active'
            WHERE j.state = 'queued' AND (%(region)s::text IS NULL OR j.region = %(region)s)
              AND (%(ids)s::uuid[] IS NULL OR j.id = ANY (%(ids)s))
            ORDER BY array_position(%(ids)s::uuid[], j.id), j.priority DESC, j.queued_at
            LIMIT %(capacity)s FOR UPDATE OF j SKIP LOCKED
        )
        UPDATE jobs SET state = 'starting', attempt = attempt + 1, worker = %(worker)s, heartbeat_at = %(now)s,
                        progress = 0, code = NULL, step = 0, seconds_left = NULL,
                        place = NULL, starts_at = NULL, ends_at = NULL, waits_for = NULL
        FROM chosen WHERE jobs.id = chosen.id RETURNING {_OF_JOBS}, jobs.attempt, jobs.preempted
        """,
        {
            "region": region,
            "ids": [one.uuid for one in ids] if ids is not None else None,
            "capacity": capacity,
            "worker": worker,
            "now": now,
        },
    )
    rows = await cursor.fetchall()
    return [ClaimedJob(read(row), row[_NUMBER], row[_NUMBER] - row[_NUMBER + 1]) for row in rows]


async def report(conn: Connection, id: JobId, attempt: int, news: JobReport, now: datetime) -> bool:
    """False when the job is not this attempt's any more."""
    pace = news.pace
    cursor = await conn.execute(
        """
        UPDATE jobs SET heartbeat_at = %s, progress = greatest(progress, %s), run = coalesce(%s, run),
                        used_gpu_seconds = used_gpu_seconds + %s, step = coalesce(%s, step),
                        steps = coalesce(%s, steps), seconds_left = %s, curve = coalesce(%s, curve),
                        state = CASE WHEN state = 'starting' THEN %s ELSE state END
        WHERE id = %s AND attempt = %s AND state IN ('starting', 'processing')
        """,
        [
            now,
            min(1.0, max(0.0, news.progress)),
            news.run.uuid if news.run else None,
            max(0.0, news.gpu_seconds),
            pace.step if pace else None,
            pace.steps if pace else None,
            pace.seconds_left if pace else None,
            Jsonb(pace.curve) if pace else None,
            news.state,
            id.uuid,
            attempt,
        ],
    )
    return cursor.rowcount == 1


async def finish(conn: Connection, id: JobId, attempt: int, outcome: JobOutcome, now: datetime) -> bool:
    """False when the job is not this attempt's any more. QUEUED gives it back to the queue."""
    ended = outcome.state is not JobState.QUEUED
    cursor = await conn.execute(
        """
        UPDATE jobs SET state = %s, result = %s, code = %s, worker = NULL, heartbeat_at = NULL,
                        progress = CASE WHEN %s THEN 1 ELSE progress END, finished_at = %s,
                        step = CASE WHEN %s THEN step ELSE 0 END, seconds_left = NULL, cancel_asked_at = NULL,
                        preempted = preempted + %s, requeued_at = coalesce(%s, requeued_at)
        WHERE id = %s AND attempt = %s AND state IN ('starting', 'processing')
        """,
        [
            outcome.state,
            outcome.result.uuid if outcome.result else None,
            outcome.code,
            outcome.state is JobState.SUCCEEDED,
            now if ended else None,
            ended,
            int(outcome.preempted and not ended),
            None if ended else now,
            id.uuid,
            attempt,
        ],
    )
    return cursor.rowcount == 1


async def recover(conn: Connection, silent_since: datetime, attempts: int, now: datetime) -> Sequence[JobId]:
    """Jobs whose worker stopped reporting: canceled if that was asked, failed after too many tries, else queued."""
    cursor = await conn.execute(
        """
        UPDATE jobs SET worker = NULL, heartbeat_at = NULL, progress = 0, step = 0, seconds_left = NULL,
            requeued_at = %(now)s,
            state = CASE WHEN cancel_asked_at IS NOT NULL THEN 'canceled'
                         WHEN attempt - preempted >= %(attempts)s THEN 'failed' ELSE 'queued' END,
            code = CASE WHEN cancel_asked_at IS NULL AND attempt - preempted >= %(attempts)s THEN 'worker_lost' END,
            finished_at = CASE WHEN cancel_asked_at IS NOT NULL OR attempt - preempted >= %(attempts)s THEN %(now)s END
        WHERE id IN (SELECT id FROM jobs WHERE state IN ('starting', 'processing') AND heartbeat_at < %(since)s
                     FOR UPDATE SKIP LOCKED)
        RETURNING id
        """,
        {"attempts": attempts, "now": now, "since": silent_since},
    )
    return [JobId.of(row[0]) for row in await cursor.fetchall()]


async def cancel_fenced(conn: Connection, closure: Iterable[UUID], people: Iterable[UUID], now: datetime) -> None:
    """End every job that works for these people or on these artifacts, also running ones: their attempt is over."""
    await conn.execute(
        """
        UPDATE jobs SET state = 'canceled', worker = NULL, heartbeat_at = NULL, finished_at = %s,
                        seconds_left = NULL, curve = '[]'
        WHERE state IN ('queued', 'starting', 'processing') AND (owner = ANY (%s) OR inputs && %s::uuid[])
        """,
        [now, list(people), list(closure)],
    )
