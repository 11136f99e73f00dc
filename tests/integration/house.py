"""The whole service but Ray and the training pool, in one thread: PostgreSQL, S3, governance, the real engine over a
tiny base, and the HTTP interface on a real port."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from cluster.embedded.throwaway import Servers
from governance.bootstrap import Extras
from governance.clock import utc_now
from governance.config import GovernanceSettings
from governance.erasure.steps import no_scan
from governance.holder import Holder
from governance.model import HolderKind
from governance.policy import shipped
from governance.service import GovernanceService
from serve_apps.billing.till import till_for
from serve_apps.config import AccountSettings, ImageSettings, ServeSettings, UploadSettings, WebhookSettings
from serve_apps.engine.config import EngineConfig
from serve_apps.engine.engine import Engine
from serve_apps.engine.model import Size
from serve_apps.generator.adapters import AdapterGate
from serve_apps.generator.service import Generator
from serve_apps.ingress.app import create_app
from serve_apps.ingress.exports import ExportDesk
from serve_apps.ingress.secrets import Secrets
from serve_apps.ingress.server import HttpServer
from serve_apps.ingress.services import compose
from serve_apps.notices.desk import NoticeDesk
from serve_apps.notices.mailer import SmtpMailer
from serve_apps.provenance.stamp import Stamp
from serve_apps.webhooks.desk import WebhookDesk
from serve_apps.webhooks.sender import Sender
from tests.support.clamd import clamd
from tests.support.governance import REGION, fresh_database, settings_for
from tests.unit.serve_apps.engine.tiny import TinyBase, tiny_base

T = TypeVar("T")

SECRETS = Secrets(b"integration" * 3)
SETTINGS = ServeSettings(
    port=0,
    region=REGION,
    uploads=UploadSettings(max_photos=12, max_photo_bytes=400_000, max_request_bytes=4_000_000, max_pixels=4_000_000),
    images=ImageSettings(sizes=("16x16", "32x16", "64x64"), default_steps=4, max_images=4),
    webhooks=WebhookSettings(schemes=("http",), networks=("127.0.0.0/8",), poll_s=0.1),
    accounts=AccountSettings(
        regions=(REGION,),
        argon2_memory_kib=64,
        argon2_passes=1,
        attempts_per_address=100_000,
        requests_per_minute=1_000_000,
    ),
)


@dataclass
class House:
    """What is running; `call` runs a coroutine on its event loop."""

    governance: GovernanceService
    holder: Holder
    trainer: Holder
    engine: Engine
    base: TinyBase
    port: int
    loop: asyncio.AbstractEventLoop = field(repr=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(30)


@contextmanager
def open_house(
    servers: Servers, folder: Path, clock: Callable[[], datetime] = utc_now, settings: ServeSettings = SETTINGS
) -> Iterator[House]:
    """Runs it on a thread of its own for the length of the block."""
    folder.chmod(0o700)
    with fresh_database(servers) as dsn, clamd() as scanner:
        settings = scanned_by(settings, scanner.address)
        given = {"payments": settings.billing.payments, "mail": settings.mail}
        governance = settings_for(servers, dsn, folder, patience_s=3.0).model_copy(update=given)
        started = threading.Event()
        box: dict[str, Any] = {}

        async def live() -> None:
            box["stop"] = asyncio.Event()
            async with _rooms(governance, clock, settings) as house:
                box["house"] = house
                started.set()
                await box["stop"].wait()

        def run() -> None:
            try:
                asyncio.run(live())
            except BaseException as error:
                box["error"] = error
                raise
            finally:
                started.set()

        thread = threading.Thread(target=run, name="house")
        thread.start()
        assert started.wait(60)
        if "house" not in box:
            raise RuntimeError("the house did not open") from box.get("error")
        try:
            yield box["house"]
        finally:
            box["house"].loop.call_soon_threadsafe(box["stop"].set)
            thread.join(30)


def scanned_by(settings: ServeSettings, clamav: str) -> ServeSettings:
    """The settings with a virus scanner at that address."""
    checks = settings.uploads.checks.model_copy(update={"clamav": clamav})
    return settings.model_copy(update={"uploads": settings.uploads.model_copy(update={"checks": checks})})


@asynccontextmanager
async def _rooms(governance: GovernanceSettings, clock: Callable[[], datetime], settings: ServeSettings) -> Any:
    async with AsyncExitStack() as stack:
        service = await GovernanceService.open(governance, Extras(shipped(), clock, no_scan))
        stack.push_async_callback(service.close)
        holders = {}
        for kind in (HolderKind.INGRESS, HolderKind.GENERATOR, HolderKind.TRAINER):
            holders[kind] = await Holder.open(service, service.parts.store, kind=kind, region=REGION)
            stack.push_async_callback(holders[kind].close)
        base = tiny_base("epsilon")
        engine = _engine(base, holders[HolderKind.GENERATOR])
        stack.push_async_callback(asyncio.to_thread, engine.close)
        stamp = Stamp(settings.provenance, SECRETS.provenance_key, clock())
        generator = Generator(engine, holders[HolderKind.GENERATOR], stamp.png)
        services = compose(
            service,
            holders[HolderKind.INGRESS],
            generator,
            settings,
            SECRETS,
            till=till_for(settings.billing),
            now=clock,
        )
        webhooks = WebhookDesk(services, Sender(settings.webhooks))
        desks: list[ExportDesk | NoticeDesk | WebhookDesk] = [ExportDesk(services), webhooks]
        if settings.mail is not None:
            desks.append(NoticeDesk(services, SmtpMailer(settings.mail), poll_s=0.1))
        for desk in desks:
            desk.start()
            stack.push_async_callback(desk.stop)
        server = HttpServer(create_app(services), settings)
        await server.start()
        stack.push_async_callback(server.stop)
        yield House(
            service,
            holders[HolderKind.INGRESS],
            holders[HolderKind.TRAINER],
            engine,
            base,
            server.port,
            asyncio.get_running_loop(),
        )


def _engine(base: TinyBase, holder: Holder) -> Engine:
    gate = AdapterGate(holder)
    sizes = (Size(16, 16), Size(16, 32), Size(64, 64))
    config = EngineConfig(sizes=sizes, max_rows=8, row_buckets=(1, 2, 4, 8), slots=8, max_waiting=6)
    engine = Engine(base.copy(), config, gate.fetch, gate.released)
    gate.connect(engine)
    engine.start()
    return engine
