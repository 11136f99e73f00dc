"""Sends what is due: one task in each ingress replica; the ledger gives each delivery to one of them."""

import asyncio
import json
import logging

from governance.background import end
from governance.errors import GovernanceError
from governance.events.model import Due
from governance.model import Purpose
from serve_apps.ingress.services import Services
from serve_apps.webhooks.sender import Sender
from serve_apps.webhooks.signing import body_of, headers_of

log = logging.getLogger("pixreunion.webhooks")


class WebhookDesk:
    """A delivery that this process dies with is another's a minute later: the same message with the same id."""

    def __init__(self, parts: Services, sender: Sender) -> None:
        self._parts, self._sender = parts, sender
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._work(), name="webhook desk")

    async def stop(self) -> None:
        if self._task is not None:
            await end([self._task])
        await self._sender.close()

    async def _work(self) -> None:
        settings = self._parts.settings.webhooks
        while True:
            try:
                while due := await self._parts.governance.take_deliveries(settings.at_once):
                    await asyncio.gather(*[self._deliver(one) for one in due])
            except GovernanceError as error:
                log.warning("webhooks rest: %s", error.code)
            await asyncio.sleep(settings.poll_s)

    async def _deliver(self, due: Due) -> None:
        """An answer that cannot be noted is asked for again when the ledger's minute is over."""
        try:
            status = await self._send(due)
            await self._parts.governance.delivery_answered(due.webhook.id, due.event.id, status)
        except GovernanceError as error:
            log.warning("%s to %s was not noted: %s", due.event.id, due.webhook.id, error.code)

    async def _send(self, due: Due) -> int | None:
        async with self._parts.holder.plaintext(due.webhook.address, Purpose.DELIVERY) as data:
            url = str(json.loads(bytes(data))["url"])
        headers = headers_of(self._parts.secrets, due.webhook, due.event, self._parts.now())
        return await self._sender.send(url, headers, body_of(due.event))
