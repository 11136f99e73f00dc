"""Signatures by the Standard Webhooks. A webhook's secret is kept nowhere: it follows from the service secret, the
webhook's id and how often its owner asked for a new one."""

import json
from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime, timedelta

from standardwebhooks import Webhook as Signer

from governance.events.model import OVERLAP_S, Happening, Webhook
from serve_apps.ingress.secrets import Secrets

SECRET_PREFIX = "whsec_"  # noqa: S105 - how such secrets begin


def secret_of(secrets: Secrets, webhook: Webhook, generation: int | None = None) -> str:
    """`whsec_…`, what the receiver verifies with."""
    number = str(generation or webhook.generation).encode()
    return SECRET_PREFIX + b64encode(secrets.webhook_key(webhook.id.encode(), number)).decode()


def body_of(event: Happening) -> bytes:
    """The message: what happened, when, and to which things. The same event gives the same bytes."""
    told = {"type": event.type, "timestamp": event.at.isoformat(), "data": dict(sorted(event.data.items()))}
    return json.dumps(told, separators=(",", ":")).encode()


def headers_of(secrets: Secrets, webhook: Webhook, event: Happening, now: datetime) -> Mapping[str, str]:
    """`webhook-id`, `-timestamp`, `-signature`; for a day after a new secret both sign."""
    generations = [webhook.generation]
    if webhook.rotated_at is not None and now < webhook.rotated_at + timedelta(seconds=OVERLAP_S):
        generations.append(webhook.generation - 1)
    text = body_of(event).decode()
    signatures = [Signer(secret_of(secrets, webhook, one)).sign(event.id, now, text) for one in generations]
    return {
        "webhook-id": event.id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
        "content-type": "application/json",
        "user-agent": "PixReunion-Webhooks/1",
    }
