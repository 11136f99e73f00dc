"""One POST to one address. What comes back is a status; of the answer's body nothing is read."""

import asyncio
import logging
from collections.abc import Mapping
from ssl import SSLContext

import httpcore

from serve_apps.config import WebhookSettings
from serve_apps.webhooks.address import PublicOnly

log = logging.getLogger("pixreunion.webhooks")


class Sender:
    """Connections are kept for a while and shared; redirects are not followed, proxies not asked."""

    def __init__(
        self, settings: WebhookSettings, backend: httpcore.AsyncNetworkBackend | None = None,
        tls: SSLContext | None = None,
    ) -> None:  # fmt: skip
        self._settings = settings
        self._pool = httpcore.AsyncConnectionPool(
            network_backend=PublicOnly(settings, backend),
            ssl_context=tls,
            max_connections=settings.at_once,
            keepalive_expiry=5.0,
        )

    async def send(self, url: str, headers: Mapping[str, str], body: bytes) -> int | None:
        """The answer's status; None when there was none in time, or the address may not be reached."""
        limit = self._settings.timeout_s
        extensions = {"timeout": {"connect": limit, "read": limit, "write": limit, "pool": limit}}
        given = list(headers.items())
        try:
            async with (
                asyncio.timeout(limit),
                self._pool.stream("POST", url, headers=given, content=body, extensions=extensions) as answer,
            ):
                return int(answer.status)
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, TimeoutError, OSError) as no:
            log.info("a webhook gave no answer: %s", type(no).__name__)
        except (httpcore.UnsupportedProtocol, ValueError, UnicodeError) as no:
            log.warning("a webhook's address cannot be used: %s", type(no).__name__)
        return None

    async def close(self) -> None:
        await self._pool.aclose()
