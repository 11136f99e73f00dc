"""Events' part of the interface of governance; see `governance.api`."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from governance.events.model import Delivery, Due, Happening, NewWebhook, Webhook, WebhookChange
from governance.ids import EventId, SubjectId, WebhookId


class EventsApi(Protocol):
    """What happened, and where it is sent. Everything about a webhook that is not `owner`'s is `NotFound`."""

    async def happened(
        self, owner: SubjectId, after: int = 0, about: UUID | None = None, limit: int = 100
    ) -> Sequence[Happening]:
        """Events with greater numbers than `after`, oldest first; with `about` those of one thing. Each appears within
        a second of what it tells, and none with a smaller number ever after it. `Gone` when erased."""

    async def event_head(self) -> int:
        """The last number given to anybody's event: what comes later has a greater one."""

    async def add_webhook(self, new: NewWebhook) -> Webhook:
        """Repeated with the same id, the same one. `Conflict` when there are too many."""

    async def webhook(self, id: WebhookId, owner: SubjectId) -> Webhook: ...

    async def webhooks(self, owner: SubjectId) -> Sequence[Webhook]:
        """Newest first."""

    async def change_webhook(self, id: WebhookId, owner: SubjectId, change: WebhookChange) -> Webhook: ...

    async def remove_webhook(self, id: WebhookId, owner: SubjectId) -> Webhook:
        """As it was. What is on its way is not sent any more; erase its address."""

    async def test_webhook(self, id: WebhookId, owner: SubjectId) -> EventId:
        """Sends it a `webhook.test`, also when it is not enabled."""

    async def deliveries(self, id: WebhookId, owner: SubjectId, limit: int = 100) -> Sequence[Delivery]:
        """Newest event first."""

    async def redeliver(self, id: WebhookId, owner: SubjectId, event: EventId) -> Delivery:
        """From its first attempt on, with the same id. `NotFound` for events that are forgotten."""

    async def take_deliveries(self, limit: int = 50) -> Sequence[Due]:
        """What is to be sent now; each goes to one taker, and to another when that one gave no answer in a minute."""

    async def delivery_answered(self, id: WebhookId, event: EventId, status: int | None) -> None:
        """What the address said: its HTTP status, None when nothing came back."""
