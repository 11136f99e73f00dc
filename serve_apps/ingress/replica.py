"""One replica of the ingress deployment: holder, application, listener, and their end."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import ray

from governance.blobs.s3 import S3BlobStore
from governance.client import GovernanceClient
from governance.config import BlobSettings
from governance.holder import Holder
from governance.model import HolderKind
from serve_apps.billing.till import till_for
from serve_apps.config import ServeSettings
from serve_apps.generator.client import ServeGenerator
from serve_apps.ingress.app import create_app
from serve_apps.ingress.exports import ExportDesk
from serve_apps.ingress.secrets import load_secret
from serve_apps.ingress.server import HttpServer
from serve_apps.ingress.services import compose
from serve_apps.notices.desk import NoticeDesk
from serve_apps.telemetry import log_as_json, trace_to
from serve_apps.webhooks.desk import WebhookDesk
from serve_apps.webhooks.sender import Sender

OWN_NODE = "node"


class IngressReplica:
    """What Ray Serve runs. Clients reach it on its own port; Ray carries no request of theirs."""

    async def __init__(self, settings: ServeSettings, blobs: BlobSettings, generator: Any) -> None:  # type: ignore[misc]
        self._cleanup = AsyncExitStack()
        log_as_json()
        self._cleanup.push_async_callback(asyncio.to_thread, trace_to(settings.tracing, "ingress"))
        governance = GovernanceClient.connect()
        self._holder = await Holder.open(
            governance, S3BlobStore(blobs), kind=HolderKind.INGRESS, region=settings.region
        )
        self._cleanup.push_async_callback(self._holder.close)
        # In a thread: models of the photo checks take seconds to load.
        services = await asyncio.to_thread(
            compose,
            governance=governance,
            holder=self._holder,
            generator=ServeGenerator(generator, self._holder.transport),
            settings=settings,
            secrets=load_secret(settings.secret_file),
            till=till_for(settings.billing),
        )
        webhooks = WebhookDesk(services, Sender(settings.webhooks))
        for desk in (ExportDesk(services), NoticeDesk.of(services), webhooks):
            if desk is not None:
                desk.start()
                self._cleanup.push_async_callback(desk.stop)
        if settings.host == OWN_NODE:
            settings = settings.model_copy(update={"host": ray.util.get_node_ip_address()})
        self._server = HttpServer(create_app(services), settings)
        self._cleanup.push_async_callback(self._server.stop)
        await self._server.start()

    async def check_health(self) -> None:
        """Raises when nothing listens any more; Serve then starts another replica."""
        if not self._server.alive:
            raise RuntimeError("the HTTP server stopped")

    async def __del__(self) -> None:
        """Lets requests end, then drops and zeroes everything."""
        await self._cleanup.aclose()
