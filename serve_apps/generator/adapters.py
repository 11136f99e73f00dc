"""Adapters on their way to the engine: through the gate, under the holder's lease, dropped when governance says so.

The engine fetches from threads of its own and evicts on its own; the holder lives on the event loop.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Protocol

from governance.model import ArtifactId, Purpose
from serve_apps.engine.model import AdapterId

log = logging.getLogger("pixreunion.generator")

FETCH_TIMEOUT_S = 60.0
DROP_TIMEOUT_S = 5.0


class AdapterHolder(Protocol):
    """The part of `governance.holder.Holder` that is used here."""

    async def hold(
        self, id: ArtifactId, purpose: Purpose, on_drop: Callable[[], None], sealed: bytes | None = None
    ) -> bytearray: ...

    async def release(self, id: ArtifactId, buffer: bytearray | None = None) -> None: ...


class AdapterEngine(Protocol):
    """The part of `serve_apps.engine.engine.Engine` that is used here."""

    def drop_adapter(self, id: AdapterId) -> Future[None]: ...

    def give_adapter(self, id: AdapterId, data: bytearray) -> bool: ...


class AdapterGate:
    """The engine's `fetch` and `released`. Make it on the holder's event loop, then give it the engine."""

    def __init__(self, holder: AdapterHolder) -> None:
        self._holder = holder
        self._loop = asyncio.get_running_loop()
        self._engine: AdapterEngine | None = None
        self._held: Counter[ArtifactId] = Counter()
        self._releasing: set[asyncio.Task[None]] = set()

    def connect(self, engine: AdapterEngine) -> None:
        """Whose adapters these are."""
        self._engine = engine

    def fetch(self, id: AdapterId) -> bytearray:
        """The adapter's file, for a thread of the engine. Raises what governance raises, `TimeoutError`."""
        held = self._hold(ArtifactId(id), None)
        return asyncio.run_coroutine_threadsafe(held, self._loop).result(FETCH_TIMEOUT_S)

    async def receive(self, id: ArtifactId, sealed: bytes) -> bool:
        """Take in an adapter that was handed over with its sealed bytes; False when it is here already, or the engine
        takes nothing new. Raises what governance raises, `Tampered` for other bytes than were stored."""
        assert self._engine is not None, "the gate is connected before anything is received"
        if self._held[id]:
            return False
        buffer = await self._hold(id, sealed)
        # Only where nobody else fetched it meanwhile: the engine, letting go of theirs, would let go of this one too.
        if self._held[id] == 1 and self._engine.give_adapter(AdapterId(id), buffer):
            return True
        self._count_out(id)
        await self._holder.release(id, buffer)
        return False

    async def _hold(self, id: ArtifactId, sealed: bytes | None) -> bytearray:
        self._held[id] += 1
        try:
            return await self._holder.hold(id, Purpose.GENERATION, partial(self._dropped, AdapterId(id)), sealed)
        except BaseException:
            self._count_out(id)
            raise

    def _count_out(self, id: ArtifactId) -> None:
        if self._held[id] > 1:
            self._held[id] -= 1
        else:
            del self._held[id]

    def released(self, id: AdapterId) -> None:
        """The engine's last copy is gone. A later fetch of the same adapter comes after this on the loop."""
        self._loop.call_soon_threadsafe(self._release, ArtifactId(id))

    def _release(self, id: ArtifactId) -> None:
        del self._held[id]
        task = asyncio.ensure_future(self._holder.release(id))
        self._releasing.add(task)
        task.add_done_callback(self._releasing.discard)

    def _dropped(self, id: AdapterId) -> None:
        """Called by the holder before it acknowledges: waits for the step under way, then every copy is zero."""
        assert self._engine is not None, "the gate is connected before anything is fetched"
        try:
            self._engine.drop_adapter(id).result(DROP_TIMEOUT_S)
        except TimeoutError:
            log.error("the engine did not drop %s within %s s", id, DROP_TIMEOUT_S)
            raise
