"""Events through the actor's handle: `api.EventsApi` for `governance.client.GovernanceClient`."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from governance.events.model import Delivery, Due, Happening, NewWebhook, Webhook, WebhookChange
from governance.ids import EventId, SubjectId, WebhookId


class EventsClient:
    """Implements `api.EventsApi`; see there."""

    async def _call(self, name: str, *args: Any, **options: Any) -> Any:
        """The answer of the actor; `GovernanceClient` asks it."""
        raise AssertionError("EventsClient is a part of GovernanceClient")

    async def happened(
        self, owner: SubjectId, after: int = 0, about: UUID | None = None, limit: int = 100
    ) -> Sequence[Happening]:
        answer: Sequence[Happening] = await self._call("happened", owner, after, about, limit)
        return answer

    async def event_head(self) -> int:
        answer: int = await self._call("event_head")
        return answer

    async def add_webhook(self, new: NewWebhook) -> Webhook:
        answer: Webhook = await self._call("add_webhook", new)
        return answer

    async def webhook(self, id: WebhookId, owner: SubjectId) -> Webhook:
        answer: Webhook = await self._call("webhook", id, owner)
        return answer

    async def webhooks(self, owner: SubjectId) -> Sequence[Webhook]:
        answer: Sequence[Webhook] = await self._call("webhooks", owner)
        return answer

    async def change_webhook(self, id: WebhookId, owner: SubjectId, change: WebhookChange) -> Webhook:
        answer: Webhook = await self._call("change_webhook", id, owner, change)
        return answer

    async def remove_webhook(self, id: WebhookId, owner: SubjectId) -> Webhook:
        answer: Webhook = await self._call("remove_webhook", id, owner)
        return answer

    async def test_webhook(self, id: WebhookId, owner: SubjectId) -> EventId:
        answer: EventId = await self._call("test_webhook", id, owner)
        return answer

    async def deliveries(self, id: WebhookId, owner: SubjectId, limit: int = 100) -> Sequence[Delivery]:
        answer: Sequence[Delivery] = await self._call("deliveries", id, owner, limit)
        return answer

    async def redeliver(self, id: WebhookId, owner: SubjectId, event: EventId) -> Delivery:
        answer: Delivery = await self._call("redeliver", id, owner, event)
        return answer

    async def take_deliveries(self, limit: int = 50) -> Sequence[Due]:
        answer: Sequence[Due] = await self._call("take_deliveries", limit)
        return answer

    async def delivery_answered(self, id: WebhookId, event: EventId, status: int | None) -> None:
        await self._call("delivery_answered", id, event, status)
