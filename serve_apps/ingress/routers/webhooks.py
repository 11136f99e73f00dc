"""`/v1/webhooks`: where your events are sent, by the conventions of Standard Webhooks."""

from fastapi import APIRouter, Response

from governance.events.model import Webhook, WebhookChange
from governance.ids import EventId, WebhookId
from serve_apps.ingress.auth import WebhooksCaller
from serve_apps.ingress.idempotency import IdempotencyKey, once, perform
from serve_apps.ingress.pages import Limit
from serve_apps.ingress.schemas.common import ListOf, problems
from serve_apps.ingress.schemas.webhooks import (
    DeliveryAnswer,
    NewWebhookBody,
    SentAnswer,
    WebhookAnswer,
    WebhookChangeBody,
    delivery_answer,
    webhook_answer,
)
from serve_apps.ingress.services import Parts, Services
from serve_apps.webhooks import keeping
from serve_apps.webhooks.signing import secret_of

router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"])


@router.post("", status_code=201, responses=problems(409))
async def create_webhook(
    body: NewWebhookBody, caller: WebhooksCaller, response: Response, parts: Parts, key: IdempotencyKey = None
) -> WebhookAnswer:
    """Your events go there from now on, signed with `secret`. What fails is tried again for three days; an answer 410
    disables the webhook."""
    webhook = await keeping.add(parts, caller.id, body, key)
    response.headers["Location"] = f"/v1/webhooks/{webhook.id}"
    return await _answer(parts, webhook, with_secret=True)


@router.get("", responses=problems())
async def list_webhooks(caller: WebhooksCaller, parts: Parts) -> ListOf[WebhookAnswer]:
    """Your webhooks, newest first; there are at most ten."""
    found = await parts.governance.webhooks(caller.id)
    return ListOf(data=[await _answer(parts, one) for one in found])


@router.get("/{webhook_id}", responses=problems(404))
async def read_webhook(webhook_id: str, caller: WebhooksCaller, parts: Parts) -> WebhookAnswer:
    """Where it leads, and whether it is enabled."""
    return await _answer(parts, await parts.governance.webhook(WebhookId(webhook_id), caller.id))


@router.patch("/{webhook_id}", responses=problems(404))
async def change_webhook(
    webhook_id: str, body: WebhookChangeBody, caller: WebhooksCaller, parts: Parts
) -> WebhookAnswer:
    """Another address, other events, on or off."""
    return await _answer(parts, await keeping.change(parts, caller.id, WebhookId(webhook_id), body))


@router.delete("/{webhook_id}", status_code=204, responses=problems(404))
async def delete_webhook(webhook_id: str, caller: WebhooksCaller, parts: Parts) -> Response:
    """Nothing is sent there any more, and its address is erased."""
    await keeping.remove(parts, caller.id, WebhookId(webhook_id))
    return Response(status_code=204)


@router.post("/{webhook_id}/secret", responses=problems(404, 409))
async def renew_secret(
    webhook_id: str, caller: WebhooksCaller, parts: Parts, key: IdempotencyKey = None
) -> WebhookAnswer:
    """A new secret. For a day messages carry signatures of both, so that you can change over in peace."""
    this = once(parts, caller.id, key, f"/v1/webhooks/{webhook_id}/secret")

    async def work() -> str:
        change = WebhookChange(rotate=True)
        return (await parts.governance.change_webhook(WebhookId(webhook_id), caller.id, change)).id

    found = WebhookId(await perform(parts, this, work, _keep))
    return await _answer(parts, await parts.governance.webhook(found, caller.id), with_secret=True)


@router.post("/{webhook_id}/test", status_code=202, responses=problems(404, 409))
async def send_test(
    webhook_id: str, caller: WebhooksCaller, parts: Parts, key: IdempotencyKey = None
) -> SentAnswer:
    """Sends a `webhook.test` now, also to a webhook that is disabled."""
    this = once(parts, caller.id, key, f"/v1/webhooks/{webhook_id}/test")

    async def work() -> str:
        return await parts.governance.test_webhook(WebhookId(webhook_id), caller.id)

    return SentAnswer(event=await perform(parts, this, work, _keep))


@router.get("/{webhook_id}/deliveries", responses=problems(404))
async def list_deliveries(
    webhook_id: str, caller: WebhooksCaller, parts: Parts, limit: Limit = 50
) -> ListOf[DeliveryAnswer]:
    """What was sent there in the last 30 days, newest first, and what came of it."""
    found = await parts.governance.deliveries(WebhookId(webhook_id), caller.id, limit)
    return ListOf(data=[delivery_answer(one) for one in found])


@router.post("/{webhook_id}/deliveries/{event_id}/redelivery", status_code=202, responses=problems(404))
async def redeliver(
    webhook_id: str, event_id: str, caller: WebhooksCaller, parts: Parts, _key: IdempotencyKey = None
) -> DeliveryAnswer:
    """Sends an event once more, with the same id, whatever came of it before."""
    return delivery_answer(await parts.governance.redeliver(WebhookId(webhook_id), caller.id, EventId(event_id)))


async def _answer(parts: Services, webhook: Webhook, with_secret: bool = False) -> WebhookAnswer:
    secret = secret_of(parts.secrets, webhook) if with_secret else None
    return webhook_answer(webhook, await keeping.url_of(parts, webhook), secret)


async def _keep(_: str) -> None:
    """Two requests at the same moment did it twice, which harms nobody."""
