"""Rows of the outbox."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb

from governance.ids import NoticeId, SubjectId
from governance.ledger.database import Connection
from governance.people.model import LASTING, Fact, NewNotice, Notice, Template

_LASTING = [template.value for template in LASTING]

_INTO = "INSERT INTO notices (id, subject, template, about, facts, state, next_at, created_at)"
_FRESH = "ON CONFLICT (subject, template, about) DO NOTHING"

_ENDED: tuple[tuple[str, str], ...] = (
    (
        "trainings",
        """
        SELECT j.owner, 'training-' || CASE j.state WHEN 'succeeded' THEN 'finished' ELSE 'failed' END, j.id::text,
               jsonb_build_object('training', 'job_' || translate(j.id::text, '-', ''))
        FROM jobs j WHERE j.state IN ('succeeded', 'failed') AND j.finished_at > %(since)s
        """,
    ),
    (
        "orders",
        """
        SELECT w.subject, 'order-confirmed', o.id::text, jsonb_build_object(
            'order', 'ord_' || translate(o.id::text, '-', ''), 'receipt', o.receipt, 'credits', o.credits,
            'amount', o.paid, 'currency', o.currency)
        FROM money_orders o JOIN money_wallets w ON w.id = o.wallet WHERE o.paid_at > %(since)s
        """,
    ),
    (
        "answers",
        """
        SELECT r.subject, 'request-answered', r.id::text, jsonb_build_object(
            'request', 'req_' || translate(r.id::text, '-', ''), 'right', r.kind)
        FROM rights_requests r WHERE r.state IN ('answered', 'refused') AND r.answered_at > %(since)s
        """,
    ),
    (
        "last days",
        """
        SELECT x.subject, 'expires-soon', to_char(a.deadline AT TIME ZONE 'UTC', 'YYYY-MM-DD'), jsonb_build_object(
            'count', count(*), 'day', to_char(a.deadline AT TIME ZONE 'UTC', 'YYYY-MM-DD'))
        FROM artifacts a JOIN artifact_subjects x ON x.artifact = a.id
        WHERE a.state = 'live' AND a.kind IN ('adapter', 'image') AND a.deadline BETWEEN %(now)s AND %(soon)s
        GROUP BY 1, 2, 3
        """,
    ),
)
"""What people are told of without anybody asking, each as (subject, template, about, facts)."""


def read(row: TupleRow) -> Notice:
    return Notice(NoticeId.of(row[0]), SubjectId.of(row[1]), Template(row[2]), row[3], row[4], row[5])


async def queue(conn: Connection, new: NewNotice, now: datetime) -> None:
    """In the transaction of what it tells of: neither is there without the other. The same once more is none."""
    await conn.execute(
        f"""
        {_INTO} SELECT %s, a.subject, %s, %s, %s, 'queued', %s, %s FROM accounts a WHERE a.subject = %s {_FRESH}
        """,
        [
            NoticeId.new().uuid, new.template, new.about, Jsonb(dict(new.facts)), now, now, new.subject.uuid,
        ],
    )  # fmt: skip


async def queue_ended(conn: Connection, since: datetime, now: datetime, soon: datetime) -> int:
    """One for each training, order and answer that ended after `since` and for each day on which something of a person
    is erased by itself before `soon`; what was told of already is left out. Gives how many are new."""
    count = 0
    for _, told in _ENDED:
        cursor = await conn.execute(
            f"""
            {_INTO} SELECT gen_random_uuid(), t.subject, t.template, t.about, t.facts, 'queued', %(now)s, %(now)s
            FROM ({told}) AS t (subject, template, about, facts)
            JOIN accounts a ON a.subject = t.subject JOIN subjects s ON s.id = t.subject
            WHERE (s.state = 'active' OR s.state = 'frozen' AND t.template <> 'expires-soon')
              AND NOT EXISTS (
                SELECT FROM notices n WHERE (n.subject, n.template, n.about) = (t.subject, t.template, t.about))
            {_FRESH}
            """,
            {"since": since, "now": now, "soon": soon},
        )
        count += cursor.rowcount
    return count


async def queue_for_everybody(conn: Connection, template: Template, about: str, now: datetime) -> int:
    """One for each account that is not being erased."""
    cursor = await conn.execute(
        f"""
        {_INTO} SELECT gen_random_uuid(), s.id, %(template)s, %(about)s, jsonb_build_object('version', %(about)s::text),
                       'queued', %(now)s, %(now)s
        FROM accounts a JOIN subjects s ON s.id = a.subject AND s.state IN ('active', 'frozen') {_FRESH}
        """,
        {"template": template, "about": about, "now": now},
    )
    return cursor.rowcount


async def queue_newsletter(conn: Connection, name: str, facts: Mapping[str, Fact], now: datetime) -> int:
    """One for each person with a live consent who did not object since."""
    cursor = await conn.execute(
        f"""
        {_INTO} SELECT gen_random_uuid(), s.id, 'newsletter', %s, %s, 'queued', %s, %s
        FROM accounts a JOIN subjects s ON s.id = a.subject AND s.state = 'active'
        JOIN consents c ON c.subject = s.id AND c.purpose = 'marketing' AND c.withdrawn_at IS NULL
        WHERE NOT 'marketing' = ANY (s.objections) {_FRESH}
        """,
        [name, Jsonb(dict(facts)), now, now],
    )
    return cursor.rowcount


async def drop_unwanted(conn: Connection, now: datetime) -> None:
    """Marketing that its person does not consent to any more, or objected to."""
    await conn.execute(
        """
        UPDATE notices n SET state = 'dropped', ended_at = %s, leased_until = NULL
        WHERE n.state = 'queued' AND n.template = 'newsletter' AND (
            NOT EXISTS (SELECT FROM consents c WHERE c.subject = n.subject AND c.purpose = 'marketing'
                        AND c.withdrawn_at IS NULL)
            OR EXISTS (SELECT FROM subjects s WHERE s.id = n.subject AND 'marketing' = ANY (s.objections)))
        """,
        [now],
    )


async def claim(conn: Connection, limit: int, now: datetime, lease_until: datetime) -> Sequence[Notice]:
    """Each due notice to one sender at a time; another gets it when the first was silent until its lease ended."""
    cursor = await conn.execute(
        """
        UPDATE notices SET attempt = attempt + 1, leased_until = %(until)s
        WHERE id IN (
            SELECT n.id FROM notices n JOIN subjects s ON s.id = n.subject AND s.state IN ('active', 'frozen')
            WHERE n.state = 'queued' AND n.next_at <= %(now)s AND (n.leased_until IS NULL OR n.leased_until <= %(now)s)
            ORDER BY n.created_at, n.id LIMIT %(limit)s FOR UPDATE OF n SKIP LOCKED)
        RETURNING id, subject, template, facts, attempt, created_at
        """,
        {"limit": limit, "now": now, "until": lease_until},
    )
    return sorted([read(row) for row in await cursor.fetchall()], key=lambda one: (one.created_at, one.id))


async def end(conn: Connection, id: NoticeId, attempt: int, state: str, now: datetime) -> SubjectId | None:
    """Whose it was; None when it is not this attempt's any more."""
    cursor = await conn.execute(
        """
        UPDATE notices SET state = %s, ended_at = %s, leased_until = NULL
        WHERE id = %s AND attempt = %s AND state = 'queued' RETURNING subject
        """,
        [state, now, id.uuid, attempt],
    )
    row = await cursor.fetchone()
    return SubjectId.of(row[0]) if row else None


async def postpone(conn: Connection, id: NoticeId, attempt: int, next_at: datetime) -> None:
    await conn.execute(
        "UPDATE notices SET next_at = %s, leased_until = NULL WHERE id = %s AND attempt = %s AND state = 'queued'",
        [next_at, id.uuid, attempt],
    )


async def drop_old(conn: Connection, before: datetime, now: datetime) -> None:
    """News that nobody could send for so long is news no more."""
    await conn.execute(
        """
        UPDATE notices SET state = 'dropped', ended_at = %s, leased_until = NULL
        WHERE state = 'queued' AND created_at < %s AND template <> ALL (%s)
        """,
        [now, before, _LASTING],
    )


async def forget(conn: Connection, before: datetime) -> None:
    """Those that ended long ago, but for the ones that prove that everybody was told."""
    await conn.execute(
        "DELETE FROM notices WHERE state <> 'queued' AND ended_at < %s AND template <> ALL (%s)", [before, _LASTING]
    )


async def known_to_relay(conn: Connection, subject: SubjectId, processor: str) -> bool:
    """Whether the register says already that this third party received the person's address."""
    cursor = await conn.execute(
        "SELECT EXISTS (SELECT FROM transfers WHERE subject = %s AND processor = %s)", [subject.uuid, processor]
    )
    row = await cursor.fetchone()
    return row is not None and bool(row[0])
