"""One replica of the generator deployment: base model, engine thread, holder, and their end."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

from ray import serve

from governance.blobs.s3 import S3BlobStore
from governance.client import GovernanceClient
from governance.clock import utc_now
from governance.config import BlobSettings
from governance.errors import GovernanceError
from governance.holder import Holder
from governance.model import ArtifactId, HolderKind
from serve_apps.config import ServeSettings
from serve_apps.engine.model import Picture
from serve_apps.generator.adapters import AdapterGate
from serve_apps.generator.errors import GenerationFailed
from serve_apps.generator.failures import failure_of
from serve_apps.generator.meter import EngineMeter
from serve_apps.generator.routing import REPORT, RESIDENT
from serve_apps.generator.scaling import QUEUED_STEPS
from serve_apps.generator.service import Generator
from serve_apps.generator.wire import Call, Event, Failed, open_order
from serve_apps.ingress.secrets import load_secret
from serve_apps.provenance.stamp import Stamp
from serve_apps.telemetry import log_as_json, trace_to
from training.loading import load

if TYPE_CHECKING:
    from serve_apps.engine.engine import Engine

log = logging.getLogger("pixreunion.generator")


class GeneratorReplica:
    """What Ray Serve runs. Ray sees sealed orders, ids and sealed previews (I5)."""

    async def __init__(self, settings: ServeSettings, blobs: BlobSettings) -> None:  # type: ignore[misc]
        log_as_json()
        build = await asyncio.to_thread(load, "serve_apps.generator.build")
        base = await asyncio.to_thread(build.load_base, settings.generator)
        holder = await Holder.open(
            GovernanceClient.connect(), S3BlobStore(blobs), kind=HolderKind.GENERATOR, region=settings.region
        )
        stamp = Stamp(settings.provenance, load_secret(settings.secret_file).provenance_key, utc_now())
        name = serve.get_replica_context().replica_id.unique_id
        gate = AdapterGate(holder)
        await self.assemble(settings, build.engine_for(base, settings, gate), gate, holder, name, stamp.png)

    async def assemble(
        self,
        settings: ServeSettings,
        engine: "Engine",
        gate: AdapterGate,
        holder: Holder,
        name: str,
        finish: Callable[[Picture], bytearray],
    ) -> None:
        """Wire the parts and start; the holder belongs to the replica from now on. Compiled code is made here, before
        the first request and before anything personal is held. `finish` makes the file of a finished picture."""
        self._drain_s = settings.generator.drain_s
        self._reports = 0
        self._holder = holder
        self._cleanup = AsyncExitStack()
        self._cleanup.push_async_callback(asyncio.to_thread, trace_to(settings.tracing, "generator"))
        self._cleanup.push_async_callback(holder.close)
        self._gate, self._engine = gate, engine
        await asyncio.to_thread(engine.warm)
        engine.start()
        self._cleanup.push_async_callback(self._end_engine)
        self._generator = Generator(engine, holder, finish)
        self._meter = EngineMeter(name)

    async def generate(self, call: Call) -> AsyncGenerator[Event, None]:
        """The events of an order; a failure is the last of them."""
        try:
            order = open_order(call, self._holder.transport)
            async for event in self._generator.generate(order):
                yield event
        except GenerationFailed as failure:
            yield Failed(0, failure.code, failure.detail, failure.retry_after_s)
        except Exception as error:  # noqa: BLE001 - what crosses to Ray must not quote anybody's data
            log.error("an order failed: %s", type(error).__name__)
            meaning = failure_of(error)
            yield Failed(0, meaning.code, meaning.detail, meaning.retry_after_s)

    async def receive(self, adapter: ArtifactId, sealed: bytes) -> bool:
        """An adapter that was just trained, as it was stored: whoever asks for a picture with it does not wait for
        storage. False when it is here already, or must not be."""
        try:
            return await self._gate.receive(adapter, sealed)
        except GovernanceError as error:
            log.info("%s was handed over in vain: %s", adapter, error.code)
            return False

    def record_autoscaling_stats(self) -> dict[str, float]:
        """For `scaling.ByQueuedSteps`."""
        return {QUEUED_STEPS: float(self._engine.stats().queued_steps)}

    def record_routing_stats(self) -> dict[str, Any]:
        """For `routing.AdapterRouter`; numbered, so that it knows what a report has counted already."""
        stats = self._engine.stats()
        self._reports += 1
        self._meter.read(stats)
        near = [*stats.resident, *stats.in_host_memory]
        return {RESIDENT: near, QUEUED_STEPS: float(stats.queued_steps), REPORT: self._reports}

    async def check_health(self) -> None:
        """Raises when the engine's thread is gone; Serve then starts another replica."""
        if not self._engine.running:
            raise RuntimeError("the generation engine stopped")

    async def __del__(self) -> None:
        """Lets what is under way end, then zeroes everything."""
        await self._cleanup.aclose()

    async def _end_engine(self) -> None:
        await asyncio.to_thread(self._engine.drain, self._drain_s)
        await asyncio.to_thread(self._engine.close)
