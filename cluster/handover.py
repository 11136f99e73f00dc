"""The way of finished adapters from a trainer to the generator, through Ray Serve; the settings of the pool name it.

Ray sees ids and sealed bytes (I5). A generator that was scaled to zero is woken: whoever has just got a model asks for
pictures next.
"""

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from importlib import import_module
from typing import Any

from governance.model import ArtifactId

APPLICATION, GENERATOR = "pixreunion", "generator"
WITHIN_S = 3.0

_LOG = logging.getLogger(__name__)


class ServedGenerator:
    """The replica that Ray Serve's router finds least busy."""

    def __init__(self, find: Callable[[], Any]) -> None:
        """`find` gives the deployment's handle; it may block, and raises when nothing is served."""
        self._find = find
        self._handle: Future[Any] | None = None

    def expect(self) -> None:
        """Looks for the generator on a thread that holds nobody up: the question has no time limit of its own."""
        if self._handle is not None and (not self._handle.done() or self._handle.exception() is None):
            return
        self._handle = Future()
        threading.Thread(target=self._look, args=(self._handle,), name="find-generator", daemon=True).start()

    async def offer(self, adapter: ArtifactId, sealed: bytes) -> bool:
        """See `training.handover.Receiver`."""
        self.expect()
        assert self._handle is not None
        try:
            async with asyncio.timeout(WITHIN_S):
                handle = await asyncio.shield(asyncio.wrap_future(self._handle))
                return bool(await handle.receive.remote(adapter, sealed))
        except Exception as error:  # noqa: BLE001 - nothing that ails the generator is the training's concern
            _LOG.info("%s was not handed over: %s", adapter, type(error).__name__)
            return False

    def _look(self, found: "Future[Any]") -> None:
        try:
            found.set_result(self._find())
        except Exception as error:  # noqa: BLE001 - told to who waits for the handle
            found.set_exception(error)


def to_generator() -> ServedGenerator:
    """The generator of this installation."""
    return ServedGenerator(_served)


def _served() -> Any:
    """Ray Serve is loaded at the first need: a trainer starts sooner without it."""
    return import_module("ray.serve").get_deployment_handle(GENERATOR, APPLICATION)
