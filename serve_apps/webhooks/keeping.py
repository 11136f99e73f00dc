"""Webhooks as their owner keeps them: the address an artifact, the rest a row."""

import json

from governance.errors import GovernanceError
from governance.events.model import NewWebhook, Webhook, WebhookChange
from governance.ids import ArtifactId, SubjectId, WebhookId
from governance.model import By, Kind, NewArtifact, Purpose
from serve_apps.ingress.idempotency import once, perform
from serve_apps.ingress.schemas.webhooks import NewWebhookBody, WebhookChangeBody
from serve_apps.ingress.services import Services
from serve_apps.webhooks.address import checked


async def add(parts: Services, owner: SubjectId, body: NewWebhookBody, key: str | None) -> Webhook:
    """A new webhook; a repeated request gets the first's."""
    url = checked(body.url, parts.settings.webhooks)
    this = once(parts, owner, key, "/v1/webhooks", url.encode(), *[one.encode() for one in sorted(body.types)])

    async def work() -> str:
        address = await _write(parts, owner, url)
        try:
            new = NewWebhook(WebhookId.new(), owner, address, body.types)
            return (await parts.governance.add_webhook(new)).id
        except GovernanceError:
            await parts.governance.erase(address, By.SUBJECT, owner)
            raise

    async def undo(reference: str) -> None:
        await remove(parts, owner, WebhookId(reference))

    return await parts.governance.webhook(WebhookId(await perform(parts, this, work, undo)), owner)


async def change(parts: Services, owner: SubjectId, id: WebhookId, body: WebhookChangeBody) -> Webhook:
    """The new address is there before the old one is erased."""
    before = await parts.governance.webhook(id, owner)
    if body.url is None:
        return await parts.governance.change_webhook(id, owner, WebhookChange(None, body.types, body.enabled))
    address = await _write(parts, owner, checked(body.url, parts.settings.webhooks))
    changed = await parts.governance.change_webhook(id, owner, WebhookChange(address, body.types, body.enabled))
    await parts.governance.erase(before.address, By.SUBJECT, owner)
    return changed


async def remove(parts: Services, owner: SubjectId, id: WebhookId) -> None:
    """The webhook, and its address with it."""
    found = await parts.governance.remove_webhook(id, owner)
    await parts.governance.erase(found.address, By.SUBJECT, owner)


async def url_of(parts: Services, webhook: Webhook) -> str:
    async with parts.holder.plaintext(webhook.address, Purpose.DELIVERY) as data:
        return str(json.loads(bytes(data))["url"])


async def _write(parts: Services, owner: SubjectId, url: str) -> ArtifactId:
    new = NewArtifact(Kind.WEBHOOK, (owner,), Purpose.ACCOUNT)
    return (await parts.holder.write(new, bytearray(json.dumps({"url": url}).encode()))).id
