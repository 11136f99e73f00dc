"""Webhooks and their deliveries."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from governance.events.model import Delivery, EventType, Webhook
from serve_apps.ingress.schemas.common import Answer, Body, Stripped

Url = Annotated[str, Stripped, StringConstraints(min_length=1, max_length=2000)]
URL_EXAMPLES = ["https://example.org/pixreunion"]
TYPES_EXAMPLES = [["training.succeeded", "artifact.will_expire"]]
SECRET_EXAMPLES = ["whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="]
MOMENT = ["2026-01-31T12:00:00Z"]


class NewWebhookBody(Body):
    """`url`: public, https. `types`: which events; without it all of them."""

    url: Url = Field(examples=URL_EXAMPLES)
    types: frozenset[EventType] = Field(default=frozenset(), examples=TYPES_EXAMPLES)


class WebhookChangeBody(Body):
    """What is left out stays as it is. `enabled: true` after a webhook was disabled sends on what is still waiting."""

    url: Url | None = Field(default=None, examples=URL_EXAMPLES)
    types: frozenset[EventType] | None = Field(default=None, examples=TYPES_EXAMPLES)
    enabled: bool | None = Field(default=None, examples=[True])


class WebhookAnswer(Answer):
    """`secret` is there when the webhook is made and when a new one is asked for. `disabled_because`: `paused` (by
    you), `gone` (it answered 410), `unreachable` (nothing arrived in three days)."""

    object: str = Field(default="webhook", examples=["webhook"])
    id: str = Field(examples=["whk_01a20baf9dd6707993b5dc044a7a3ac2"])
    url: str = Field(examples=URL_EXAMPLES)
    types: list[EventType] = Field(examples=TYPES_EXAMPLES)
    enabled: bool = Field(examples=[True])
    disabled_because: str | None = Field(examples=[None])
    created_at: datetime = Field(examples=MOMENT)
    secret: str | None = Field(default=None, repr=False, examples=SECRET_EXAMPLES)


class DeliveryAnswer(Answer):
    """`event` is the message's `webhook-id`. `status`: the last answer's, null when there was none; `next_attempt_at`:
    null once it has ended."""

    object: str = Field(default="delivery", examples=["delivery"])
    event: str = Field(examples=["evt_01a20baf9dd6707993b5dc044a7a3ac2"])
    type: EventType = Field(examples=["training.succeeded"])
    state: str = Field(examples=["delivered"])
    attempts: int = Field(examples=[1])
    status: int | None = Field(examples=[204])
    next_attempt_at: datetime | None = Field(examples=[None])
    created_at: datetime = Field(examples=MOMENT)


class SentAnswer(Answer):
    """The event that is on its way."""

    object: str = Field(default="event", examples=["event"])
    event: str = Field(examples=["evt_01a20baf9dd6707993b5dc044a7a3ac2"])


def webhook_answer(webhook: Webhook, url: str, secret: str | None = None) -> WebhookAnswer:
    return WebhookAnswer(
        id=webhook.id,
        url=url,
        types=sorted(webhook.types),
        enabled=webhook.enabled,
        disabled_because=webhook.code,
        created_at=webhook.created_at,
        secret=secret,
    )


def delivery_answer(delivery: Delivery) -> DeliveryAnswer:
    return DeliveryAnswer(
        event=delivery.event,
        type=delivery.type,
        state=delivery.state,
        attempts=delivery.attempts,
        status=delivery.status,
        next_attempt_at=delivery.next_at,
        created_at=delivery.created_at,
    )
