"""A receiver with the library of Standard Webhooks accepts what is sent, and nothing else."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook as Receiver
from standardwebhooks import WebhookVerificationError

from governance.events.model import EventType, Happening, Webhook
from governance.ids import ArtifactId, EventId, SubjectId, WebhookId
from serve_apps.ingress.secrets import Secrets
from serve_apps.webhooks.signing import body_of, headers_of, secret_of

NOW = datetime.now(UTC)
SECRETS = Secrets(b"s" * 32)
WEBHOOK = Webhook(WebhookId.new(), SubjectId.new(), ArtifactId.new(), frozenset(), 1, None, True, None, NOW)
EVENT = Happening(EventId.new(), 7, EventType.TRAINING_PROGRESS, {"training": "job_1", "progress": 0.5}, NOW)


def headers_now(webhook: Webhook) -> dict[str, str]:
    """The receiver's library takes nothing that left more than five minutes ago."""
    return dict(headers_of(SECRETS, webhook, EVENT, datetime.now(UTC)))


def test_the_receiver_accepts_it() -> None:
    told = Receiver(secret_of(SECRETS, WEBHOOK)).verify(body_of(EVENT), headers_now(WEBHOOK))
    assert told == {"type": "training.progress", "timestamp": NOW.isoformat(), "data": dict(EVENT.data)}


@pytest.mark.parametrize("what", ["body", "secret", "id", "time"])
def test_the_receiver_refuses_what_was_changed(what: str) -> None:
    headers, body, secret = headers_now(WEBHOOK), body_of(EVENT), secret_of(SECRETS, WEBHOOK)
    if what == "body":
        body = body.replace(b"0.5", b"0.6")
    if what == "secret":
        secret = secret_of(SECRETS, replace(WEBHOOK, id=WebhookId.new()))
    if what == "id":
        headers["webhook-id"] = EventId.new()
    if what == "time":
        headers["webhook-timestamp"] = str(int(headers["webhook-timestamp"]) + 1)
    with pytest.raises(WebhookVerificationError):
        Receiver(secret).verify(body, headers)


def test_after_a_new_secret_both_are_good_for_a_day() -> None:
    now = datetime.now(UTC)
    old, rotated = secret_of(SECRETS, WEBHOOK), replace(WEBHOOK, generation=2, rotated_at=now - timedelta(hours=23))
    headers, body = dict(headers_of(SECRETS, rotated, EVENT, now)), body_of(EVENT)
    assert old != secret_of(SECRETS, rotated)
    for secret in (old, secret_of(SECRETS, rotated)):
        Receiver(secret).verify(body, headers)
    later = dict(headers_of(SECRETS, replace(rotated, rotated_at=now - timedelta(hours=25)), EVENT, now))
    with pytest.raises(WebhookVerificationError):
        Receiver(old).verify(body, later)


def test_the_same_event_is_the_same_message_and_each_attempt_has_its_own_time() -> None:
    first = headers_of(SECRETS, WEBHOOK, EVENT, NOW)
    second = headers_of(SECRETS, WEBHOOK, EVENT, NOW + timedelta(hours=1))
    assert first["webhook-id"] == second["webhook-id"] == EVENT.id
    assert first["webhook-timestamp"] != second["webhook-timestamp"]
    assert json.loads(body_of(EVENT)) == json.loads(body_of(replace(EVENT, number=8)))
