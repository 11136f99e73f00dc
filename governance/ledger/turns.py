"""Whose turn it is: quotas that hold however many workers claim at once, and what the pool foresees."""

from collections.abc import Mapping, Sequence

from governance.ledger.database import Connection
from governance.model import JobForecast, JobId


async def within_quota(
    conn: Connection, quota: int, region: str | None, ids: Sequence[JobId] | None
) -> Sequence[JobId]:
    """Of the queued jobs (of `ids`, in that order), those that keep every owner within the quota. Until this
    transaction ends nobody else can ask, so that claims made at the same time cannot exceed it together."""
    await conn.execute("SELECT pg_advisory_xact_lock(hashtextextended('claims within a quota', 0))")
    cursor = await conn.execute(
        """
        WITH running AS (
            SELECT owner, count(*) AS number FROM jobs WHERE state IN ('starting', 'processing') GROUP BY owner
        ), mine AS (
            SELECT id, owner, array_position(%(ids)s::uuid[], id) AS wish, priority, queued_at,
                   row_number() OVER (PARTITION BY owner
                       ORDER BY array_position(%(ids)s::uuid[], id), priority DESC, queued_at) AS nth
            FROM jobs WHERE state = 'queued' AND (%(region)s::text IS NULL OR region = %(region)s)
              AND (%(ids)s::uuid[] IS NULL OR id = ANY (%(ids)s))
        )
        SELECT id FROM mine LEFT JOIN running USING (owner) WHERE nth + coalesce(number, 0) <= %(quota)s
        ORDER BY wish, priority DESC, queued_at
        """,
        {"ids": [one.uuid for one in ids] if ids is not None else None, "region": region, "quota": quota},
    )
    return [JobId.of(row[0]) for row in await cursor.fetchall()]


async def forecast(conn: Connection, forecasts: Mapping[JobId, JobForecast]) -> None:
    """Note what the pool foresees, for jobs that are still queued."""
    rows = list(forecasts.items())
    await conn.execute(
        """
        UPDATE jobs SET place = f.place, starts_at = f.starts_at, ends_at = f.ends_at, waits_for = f.waits_for
        FROM unnest(%s::uuid[], %s::integer[], %s::timestamptz[], %s::timestamptz[], %s::text[])
             AS f (id, place, starts_at, ends_at, waits_for)
        WHERE jobs.id = f.id AND jobs.state = 'queued'
        """,
        [
            [id.uuid for id, _ in rows],
            [one.position for _, one in rows],
            [one.starts_at for _, one in rows],
            [one.ends_at for _, one in rows],
            [str(one.waits_for) for _, one in rows],
        ],
    )
