"""Events in process: `api.EventsApi` over the parts of this house."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from governance.events.events import Events
from governance.events.model import Delivery, Due, Happening, NewWebhook, Webhook, WebhookChange
from governance.events.webhooks import Webhooks
from governance.ids import EventId, SubjectId, WebhookId


@dataclass(frozen=True, slots=True)
class EventParts:
    """Everything that events consist of."""

    log: Events
    webhooks: Webhooks


class EventsService:
    """Implements `api.EventsApi`; see there."""

    events: EventParts

    async def happened(
        self, owner: SubjectId, after: int = 0, about: UUID | None = None, limit: int = 100
    ) -> Sequence[Happening]:
        return await self.events.log.happened(owner, after, about, limit)

    async def event_head(self) -> int:
        return await self.events.log.head()

    async def add_webhook(self, new: NewWebhook) -> Webhook:
        return await self.events.webhooks.add(new)

    async def webhook(self, id: WebhookId, owner: SubjectId) -> Webhook:
        return await self.events.webhooks.get(id, owner)

    async def webhooks(self, owner: SubjectId) -> Sequence[Webhook]:
        return await self.events.webhooks.all(owner)

    async def change_webhook(self, id: WebhookId, owner: SubjectId, change: WebhookChange) -> Webhook:
        return await self.events.webhooks.change(id, owner, change)

    async def remove_webhook(self, id: WebhookId, owner: SubjectId) -> Webhook:
        return await self.events.webhooks.remove(id, owner)

    async def test_webhook(self, id: WebhookId, owner: SubjectId) -> EventId:
        return await self.events.webhooks.test(id, owner)

    async def deliveries(self, id: WebhookId, owner: SubjectId, limit: int = 100) -> Sequence[Delivery]:
        return await self.events.webhooks.deliveries(id, owner, limit)

    async def redeliver(self, id: WebhookId, owner: SubjectId, event: EventId) -> Delivery:
        return await self.events.webhooks.redeliver(id, owner, event)

    async def take_deliveries(self, limit: int = 50) -> Sequence[Due]:
        return await self.events.webhooks.take_due(limit)

    async def delivery_answered(self, id: WebhookId, event: EventId, status: int | None) -> None:
        await self.events.webhooks.answered(id, event, status)
