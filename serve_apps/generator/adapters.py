"""Adapters on their way to the engine: through the gate, under the holder's lease, dropped when governance says so.

The engine fetches from threads of its own and evicts on its own; the holder lives on the event loop.
"""

import asyncio
import logging
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

    async def hold(self, id: ArtifactId, purpose: Purpose, on_drop: Callable[[], None]) -> bytearray: ...

    async def release(self, id: ArtifactId) -> None: ...


class AdapterGate:
    """The engine's `fetch` and `released`. Make it on the holder's event loop, then give it the engine's drop."""

    def __init__(self, holder: AdapterHolder) -> None:
        self._holder = holder
        self._loop = asyncio.get_running_loop()
        self._drop: Callable[[AdapterId], Future[None]] | None = None
        self._releasing: set[asyncio.Task[None]] = set()

    def connect(self, drop: Callable[[AdapterId], "Future[None]"]) -> None:
        """`drop` zeroes every copy in the engine; its future is done when none is left."""
        self._drop = drop

    def fetch(self, id: AdapterId) -> bytearray:
        """The adapter's file, for a thread of the engine. Raises what governance raises, `TimeoutError`."""
        artifact = ArtifactId(id)
        held = self._holder.hold(artifact, Purpose.GENERATION, partial(self._dropped, id))
        return asyncio.run_coroutine_threadsafe(held, self._loop).result(FETCH_TIMEOUT_S)

    def released(self, id: AdapterId) -> None:
        """The engine's last copy is gone. A later fetch of the same adapter comes after this on the loop."""
        self._loop.call_soon_threadsafe(self._release, ArtifactId(id))

    def _release(self, id: ArtifactId) -> None:
        task = asyncio.ensure_future(self._holder.release(id))
        self._releasing.add(task)
        task.add_done_callback(self._releasing.discard)

    def _dropped(self, id: AdapterId) -> None:
        """Called by the holder before it acknowledges: waits for the step under way, then every copy is zero."""
        assert self._drop is not None, "the gate is connected before anything is fetched"
        try:
            self._drop(id).result(DROP_TIMEOUT_S)
        except TimeoutError:
            log.error("the engine did not drop %s within %s s", id, DROP_TIMEOUT_S)
            raise
