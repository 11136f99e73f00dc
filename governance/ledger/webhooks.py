"""Rows of webhooks and of what is on its way to them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from psycopg.rows import TupleRow

from governance.events.model import Delivery, DeliveryState, Due, EventType, NewWebhook, Webhook, WebhookChange
from governance.ids import ArtifactId, EventId, SubjectId, WebhookId
from governance.ledger import events
from governance.ledger.database import Connection

_COLUMNS = "w.id, w.subject, w.address, w.types, w.generation, w.rotated_at, w.enabled, w.code, w.created_at"


def _read(row: TupleRow) -> Webhook:
    return Webhook(
        id=WebhookId.of(row[0]),
        owner=SubjectId.of(row[1]),
        address=ArtifactId.of(row[2]),
        types=frozenset(EventType(one) for one in row[3]),
        generation=row[4],
        rotated_at=row[5],
        enabled=row[6],
        code=row[7],
        created_at=row[8],
    )


async def insert(conn: Connection, new: NewWebhook, now: datetime) -> None:
    """Once."""
    await conn.execute(
        """
        INSERT INTO webhooks (id, subject, address, types, created_at) VALUES (%s, %s, %s, %s, %s)
        ON CONFLICT (id) DO NOTHING
        """,
        [new.id.uuid, new.owner.uuid, new.address.uuid, sorted(new.types), now],
    )


async def get(conn: Connection, id: WebhookId) -> Webhook | None:
    cursor = await conn.execute(f"SELECT {_COLUMNS} FROM webhooks w WHERE id = %s FOR UPDATE", [id.uuid])
    row = await cursor.fetchone()
    return _read(row) if row else None


async def of_subject(conn: Connection, owner: SubjectId) -> Sequence[Webhook]:
    """Newest first."""
    cursor = await conn.execute(
        f"SELECT {_COLUMNS} FROM webhooks w WHERE subject = %s ORDER BY id DESC", [owner.uuid]
    )
    return [_read(row) for row in await cursor.fetchall()]


async def change(conn: Connection, id: WebhookId, change: WebhookChange, now: datetime) -> None:
    await conn.execute(
        """
        UPDATE webhooks SET
            address = coalesce(%(address)s, address), types = coalesce(%(types)s, types),
            enabled = coalesce(%(enabled)s, enabled),
            code = CASE %(enabled)s WHEN true THEN NULL WHEN false THEN 'paused' ELSE code END,
            generation = generation + %(rotate)s::int,
            rotated_at = CASE WHEN %(rotate)s THEN %(now)s ELSE rotated_at END
        WHERE id = %(id)s
        """,
        {
            "id": id.uuid,
            "address": change.address.uuid if change.address else None,
            "types": sorted(change.types) if change.types is not None else None,
            "enabled": change.enabled,
            "rotate": change.rotate,
            "now": now,
        },
    )


async def disable(conn: Connection, id: WebhookId, code: str) -> None:
    await conn.execute("UPDATE webhooks SET enabled = false, code = %s WHERE id = %s", [code, id.uuid])


async def delete(conn: Connection, id: WebhookId) -> None:
    await conn.execute("DELETE FROM webhooks WHERE id = %s", [id.uuid])


async def fan_out(conn: Connection, fresh: Sequence[UUID], now: datetime) -> None:
    """Each of these events to every webhook of its person that wants it."""
    await conn.execute(
        """
        INSERT INTO webhook_deliveries (webhook, event, state, next_at, created_at)
        SELECT w.id, e.id, 'pending', %(now)s, %(now)s FROM events e JOIN webhooks w ON w.subject = e.subject
        WHERE e.id = ANY (%(fresh)s) AND CASE e.type WHEN 'webhook.test' THEN e.about = w.id
              ELSE w.enabled AND (w.types = '{}' OR e.type = ANY (w.types)) END
        """,
        {"fresh": list(fresh), "now": now},
    )


async def take_due(conn: Connection, limit: int, now: datetime, lease: timedelta) -> Sequence[Due]:
    """Those whose time has come, to one taker each; who dies with one leaves it to another when the lease is over."""
    cursor = await conn.execute(
        f"""
        WITH taken AS (
            SELECT d.webhook, d.event FROM webhook_deliveries d JOIN webhooks w ON w.id = d.webhook
            JOIN events e ON e.id = d.event
            WHERE d.state = 'pending' AND d.next_at <= %(now)s AND (w.enabled OR e.type = 'webhook.test')
            ORDER BY d.next_at LIMIT %(limit)s FOR UPDATE OF d SKIP LOCKED),
        begun AS (
            UPDATE webhook_deliveries d SET attempts = attempts + 1, next_at = %(until)s FROM taken t
            WHERE d.webhook = t.webhook AND d.event = t.event RETURNING d.webhook, d.event)
        SELECT {_COLUMNS}, {events.COLUMNS} FROM begun b JOIN webhooks w ON w.id = b.webhook
        JOIN events e ON e.id = b.event ORDER BY e.number
        """,
        {"now": now, "until": now + lease, "limit": limit},
    )
    return [Due(_read(row), events.read(row[9:])) for row in await cursor.fetchall()]


_DELIVERY = "d.webhook, d.event, e.type, d.state, d.attempts, d.status, d.next_at, d.created_at"


def _read_delivery(row: TupleRow) -> Delivery:
    state = DeliveryState(row[3])
    return Delivery(
        webhook=WebhookId.of(row[0]),
        event=EventId.of(row[1]),
        type=EventType(row[2]),
        state=state,
        attempts=row[4],
        status=row[5],
        next_at=row[6] if state is DeliveryState.PENDING else None,
        created_at=row[7],
    )


async def delivery(conn: Connection, id: WebhookId, event: EventId) -> Delivery | None:
    cursor = await conn.execute(
        f"""
        SELECT {_DELIVERY} FROM webhook_deliveries d JOIN events e ON e.id = d.event
        WHERE d.webhook = %s AND d.event = %s FOR UPDATE OF d
        """,
        [id.uuid, event.uuid],
    )
    row = await cursor.fetchone()
    return _read_delivery(row) if row else None


async def deliveries(conn: Connection, id: WebhookId, limit: int) -> Sequence[Delivery]:
    """Newest first."""
    cursor = await conn.execute(
        f"""
        SELECT {_DELIVERY} FROM webhook_deliveries d JOIN events e ON e.id = d.event
        WHERE d.webhook = %s ORDER BY e.number DESC LIMIT %s
        """,
        [id.uuid, limit],
    )
    return [_read_delivery(row) for row in await cursor.fetchall()]


async def settle(
    conn: Connection, id: WebhookId, event: EventId, state: DeliveryState, status: int | None, at: datetime
) -> None:
    """`at`: when it ended, or when a pending one is tried again."""
    await conn.execute(
        """
        UPDATE webhook_deliveries SET state = %(state)s, status = %(status)s, next_at = %(at)s,
            ended_at = CASE %(state)s WHEN 'pending' THEN NULL ELSE %(at)s END
        WHERE webhook = %(id)s AND event = %(event)s
        """,
        {"id": id.uuid, "event": event.uuid, "state": state, "status": status, "at": at},
    )


async def restart(conn: Connection, id: WebhookId, event: EventId, now: datetime) -> None:
    """From its first attempt on."""
    await conn.execute(
        """
        UPDATE webhook_deliveries SET state = 'pending', attempts = 0, status = NULL, next_at = %s, ended_at = NULL
        WHERE webhook = %s AND event = %s
        """,
        [now, id.uuid, event.uuid],
    )


async def delivered_since(conn: Connection, id: WebhookId, since: datetime) -> bool:
    cursor = await conn.execute(
        """
        SELECT EXISTS (SELECT FROM webhook_deliveries WHERE webhook = %s AND state = 'delivered' AND ended_at >= %s)
        """,
        [id.uuid, since],
    )
    row = await cursor.fetchone()
    return bool(row and row[0])
