"""Webhooks and the deliveries to them: what is due, and what an answer means."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from governance.clock import Clock
from governance.errors import Conflict, NotFound
from governance.events.events import living
from governance.events.model import (
    ATTEMPTS,
    RETRIES_S,
    Delivery,
    DeliveryState,
    Due,
    NewWebhook,
    Webhook,
    WebhookChange,
)
from governance.ids import EventId, SubjectId, WebhookId
from governance.ledger import artifacts, events, subjects, webhooks
from governance.ledger.database import Connection, Database

MOST = 10
"""Webhooks of one person."""
LEASE = timedelta(seconds=60)
_SHOWN = 200
_OK, _REDIRECTS, _GONE = 200, 300, 410


class Webhooks:
    """See `api.EventsApi` for what each call promises."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def add(self, new: NewWebhook) -> Webhook:
        async with self._database.transaction() as conn:
            await subjects.living(conn, new.owner)
            found = await artifacts.get(conn, new.address)
            if found is None or new.owner not in found.subjects:
                raise NotFound(f"there is no {new.address}")
            others = {one.id for one in await webhooks.of_subject(conn, new.owner)} - {new.id}
            if len(others) >= MOST:
                raise Conflict(f"you have {MOST} webhooks already: delete one first")
            await webhooks.insert(conn, new, self._clock())
            return await _owned(conn, new.id, new.owner)

    async def get(self, id: WebhookId, owner: SubjectId) -> Webhook:
        async with self._database.transaction() as conn:
            return await _owned(conn, id, owner)

    async def all(self, owner: SubjectId) -> Sequence[Webhook]:
        async with self._database.transaction() as conn:
            await living(conn, owner)
            return await webhooks.of_subject(conn, owner)

    async def change(self, id: WebhookId, owner: SubjectId, change: WebhookChange) -> Webhook:
        async with self._database.transaction() as conn:
            await _owned(conn, id, owner)
            await webhooks.change(conn, id, change, self._clock())
            return await _owned(conn, id, owner)

    async def remove(self, id: WebhookId, owner: SubjectId) -> Webhook:
        async with self._database.transaction() as conn:
            found = await _owned(conn, id, owner)
            await webhooks.delete(conn, id)
            return found

    async def test(self, id: WebhookId, owner: SubjectId) -> EventId:
        async with self._database.transaction() as conn:
            await _owned(conn, id, owner)
            return await events.insert_test(conn, owner, id)

    async def deliveries(self, id: WebhookId, owner: SubjectId, limit: int) -> Sequence[Delivery]:
        async with self._database.transaction() as conn:
            await _owned(conn, id, owner)
            return await webhooks.deliveries(conn, id, max(1, min(limit, _SHOWN)))

    async def redeliver(self, id: WebhookId, owner: SubjectId, event: EventId) -> Delivery:
        async with self._database.transaction() as conn:
            await _owned(conn, id, owner)
            await _delivery(conn, id, event)
            await webhooks.restart(conn, id, event, self._clock())
            return await _delivery(conn, id, event)

    async def take_due(self, limit: int) -> Sequence[Due]:
        async with self._database.transaction() as conn:
            return await webhooks.take_due(conn, limit, self._clock(), LEASE)

    async def answered(self, id: WebhookId, event: EventId, status: int | None) -> None:
        """A success ends it; 410 ends the webhook; anything else is tried again, until the attempts are used up."""
        now = self._clock()
        async with self._database.transaction() as conn:
            found = await webhooks.delivery(conn, id, event)
            if found is None or found.state is not DeliveryState.PENDING:
                return
            if status is not None and _OK <= status < _REDIRECTS:
                await webhooks.settle(conn, id, event, DeliveryState.DELIVERED, status, now)
            elif status == _GONE:
                await webhooks.settle(conn, id, event, DeliveryState.FAILED, status, now)
                await webhooks.disable(conn, id, "gone")
            elif found.attempts < ATTEMPTS:
                await webhooks.settle(conn, id, event, DeliveryState.PENDING, status, _again(found, now))
            else:
                await self._give_up(conn, found, status, now)

    async def _give_up(self, conn: Connection, found: Delivery, status: int | None, now: datetime) -> None:
        """The delivery failed; the webhook rests when nothing else arrived there all the while."""
        await webhooks.settle(conn, found.webhook, found.event, DeliveryState.FAILED, status, now)
        if not await webhooks.delivered_since(conn, found.webhook, found.created_at):
            await webhooks.disable(conn, found.webhook, "unreachable")


def _again(found: Delivery, now: datetime) -> datetime:
    """Spread by up to a tenth, by what the event's id says: what failed together is not tried together."""
    wait_s = RETRIES_S[max(0, found.attempts - 1)]
    return now + timedelta(seconds=wait_s * (1 + found.event.uuid.int % 100 / 1000))


async def _owned(conn: Connection, id: WebhookId, owner: SubjectId) -> Webhook:
    found = await webhooks.get(conn, id)
    if found is None or found.owner != owner:
        raise NotFound()
    return found


async def _delivery(conn: Connection, id: WebhookId, event: EventId) -> Delivery:
    found = await webhooks.delivery(conn, id, event)
    if found is None:
        raise NotFound()
    return found
