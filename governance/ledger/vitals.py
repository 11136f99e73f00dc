"""The few numbers by which an operator sees that governance does its work; each is one cheap look at an index."""

from collections.abc import Mapping
from datetime import datetime

from governance.ledger.database import Connection
from governance.vitals import Vitals


async def read(conn: Connection, now: datetime) -> Vitals:
    erasures = await _row(
        conn,
        """
        SELECT count(*), count(*) FILTER (WHERE due_at < %(now)s),
               coalesce(extract(epoch FROM %(now)s - min(created_at)), 0), extract(epoch FROM min(due_at) - %(now)s)
        FROM requests WHERE state <> 'completed'
        """,
        now,
    )
    late = await _row(
        conn, "SELECT count(*) FROM artifacts WHERE state = 'live' AND deadline < %(now)s - interval '1 minute'", now
    )
    epochs = await _row(
        conn,
        """
        SELECT coalesce(max(number), 0), coalesce(extract(epoch FROM %(now)s - max(created_at)), 0), count(*)
        FROM epochs WHERE state <> 'destroyed'
        """,
        now,
    )
    audit = await _row(conn, "SELECT coalesce((SELECT size FROM audit_head), 0)", now)
    held = await _row(
        conn, "SELECT count(*) FROM holdings JOIN holders ON holders.id = holder AND expires_at > %(now)s", now
    )
    deliveries = await _row(conn, _LATE.format(table="webhook_deliveries", state="pending"), now)
    notices = await _row(conn, _LATE.format(table="notices", state="queued"), now)
    return Vitals(
        open_erasures=erasures[0],
        overdue_erasures=erasures[1],
        oldest_erasure_s=float(erasures[2]),
        least_time_left_s=None if erasures[3] is None else float(erasures[3]),
        past_deadline=late[0],
        audit_size=audit[0],
        epoch=epochs[0],
        epoch_age_s=float(epochs[1]),
        epochs_alive=epochs[2],
        holders=await _counts(conn, "SELECT kind, count(*) FROM holders WHERE expires_at > %(now)s GROUP BY kind", now),
        held=held[0],
        jobs=await _counts(
            conn,
            "SELECT state, count(*) FROM jobs WHERE state IN ('queued', 'starting', 'processing') GROUP BY state",
            now,
        ),
        deliveries_due=deliveries[0],
        delivery_late_s=float(deliveries[1]),
        notices_due=notices[0],
        notice_late_s=float(notices[1]),
    )


_LATE = """
SELECT count(*), coalesce(extract(epoch FROM %(now)s - min(next_at)), 0) FROM {table}
WHERE state = '{state}' AND next_at < %(now)s
"""


async def _row(conn: Connection, query: str, now: datetime) -> tuple[int, ...]:
    row = await (await conn.execute(query.encode(), {"now": now})).fetchone()
    assert row is not None
    return row


async def _counts(conn: Connection, query: str, now: datetime) -> Mapping[str, int]:
    cursor = await conn.execute(query.encode(), {"now": now})
    return dict(await cursor.fetchall())
