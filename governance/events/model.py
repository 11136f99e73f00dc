"""The nouns of events.

Happening (a line of a person's log) · Webhook (where a person's events are sent) · Delivery (one event on its way to
one webhook). Ids and states only: contents stay behind the gate.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from governance.ids import ArtifactId, EventId, SubjectId, WebhookId

RETRIES_S = (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""How long a delivery waits after each failure, as the Standard Webhooks propose: about three days in all."""
ATTEMPTS = len(RETRIES_S) + 1
OVERLAP_S = 86_400
"""After a new secret was asked for, messages carry signatures of both for so long."""


class EventType(StrEnum):
    """What can happen."""

    TRAINING_QUEUED = "training.queued"
    TRAINING_STARTED = "training.started"
    TRAINING_PROGRESS = "training.progress"
    TRAINING_SUCCEEDED = "training.succeeded"
    TRAINING_FAILED = "training.failed"
    TRAINING_CANCELED = "training.canceled"
    PICTURE_CREATED = "picture.created"
    REQUEST_RECEIVED = "request.received"
    REQUEST_WORKING = "request.working"
    REQUEST_ANSWERED = "request.answered"
    REQUEST_REFUSED = "request.refused"
    REQUEST_WITHDRAWN = "request.withdrawn"
    ARTIFACT_WILL_EXPIRE = "artifact.will_expire"
    ARTIFACT_ERASED = "artifact.erased"
    ORDER_PAID = "order.paid"
    ORDER_REFUNDED = "order.refunded"
    ORDER_CANCELED = "order.canceled"
    TICKET_ANSWERED = "ticket.answered"
    WEBHOOK_TEST = "webhook.test"


@dataclass(frozen=True, slots=True)
class Happening:
    """One event. `number` grows along a person's log, without saying how many others have."""

    id: EventId
    number: int
    type: EventType
    data: Mapping[str, str | int | float]
    at: datetime


@dataclass(frozen=True, slots=True)
class NewWebhook:
    """`address`: the artifact with the address; `types`: what to send, empty for everything."""

    id: WebhookId
    owner: SubjectId
    address: ArtifactId
    types: frozenset[EventType] = frozenset()


@dataclass(frozen=True, slots=True)
class Webhook:
    """`code` says why it is not `enabled`: `paused` by its owner, `gone` (it answered 410), `unreachable` (nothing
    arrived in three days). `generation` counts its secrets."""

    id: WebhookId
    owner: SubjectId
    address: ArtifactId
    types: frozenset[EventType]
    generation: int
    rotated_at: datetime | None
    enabled: bool
    code: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class WebhookChange:
    """What is None stays as it is."""

    address: ArtifactId | None = None
    types: frozenset[EventType] | None = None
    enabled: bool | None = None
    rotate: bool = False


class DeliveryState(StrEnum):
    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Delivery:
    """`status`: the last answer's HTTP status, None when there was none; `next_at`: when it is tried again."""

    webhook: WebhookId
    event: EventId
    type: EventType
    state: DeliveryState
    attempts: int
    status: int | None
    next_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Due:
    """A delivery to be tried now, by whoever took it and nobody else for the next minute."""

    webhook: Webhook
    event: Happening
