"""Governance as a named, detached, restarting Ray actor. It keeps nothing that is not in PostgreSQL, S3 and the key
file, so that it may be killed at any time and started again on any node.

The service runs on an event loop of its own thread, from the moment the actor starts: erasures that a crash
interrupted resume without anybody asking.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from threading import Thread
from typing import Any

import ray
from ray.actor import ActorHandle
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from governance.calls import NAME, NAMESPACE, Call
from governance.config import GovernanceSettings
from governance.errors import GovernanceError, Unavailable
from governance.placement import placement
from governance.service import GovernanceService

_REOPEN_S = 0.5
_LOG = logging.getLogger(__name__)


class GovernanceActor:
    """Answers batches of calls. Errors of ours are returned, not raised, so that Ray adds no traceback to them."""

    def __init__(self, settings: GovernanceSettings) -> None:
        self._settings = settings
        self._service: GovernanceService | None = None
        self._loop = asyncio.new_event_loop()
        Thread(target=self._loop.run_forever, name="governance", daemon=True).start()
        self._opening = asyncio.run_coroutine_threadsafe(self._open(), self._loop)

    async def call_many(self, calls: Sequence[Call]) -> Sequence[Any]:
        """One answer for each call: its result, or the `GovernanceError` it raised."""
        future = asyncio.run_coroutine_threadsafe(self._gather(calls), self._loop)
        return await asyncio.wrap_future(future)

    async def close(self) -> None:
        """Stop the background work and zero the keys."""
        self._opening.cancel()
        if self._service is not None:
            await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._service.close(), self._loop))

    async def _open(self) -> None:
        """PostgreSQL or S3 may not be there yet."""
        while self._service is None:
            try:
                self._service = await GovernanceService.open(self._settings)
            except GovernanceError as error:
                _LOG.warning("governance cannot start yet: %s", error)
                await asyncio.sleep(_REOPEN_S)

    async def _gather(self, calls: Sequence[Call]) -> Sequence[Any]:
        return await asyncio.gather(*(self._answer(*call) for call in calls))

    async def _answer(self, name: str, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        if self._service is None:
            if self._opening.done():
                self._opening.result()
            return Unavailable("governance is starting")
        try:
            return await getattr(self._service, name)(*args, **options)
        except GovernanceError as error:
            return error.with_traceback(None)


def start_governance(
    settings: GovernanceSettings, near: str | None = None, labels: Mapping[str, str] | None = None
) -> ActorHandle:
    """The actor, started when it is not there yet. Call it with Ray initialised. `near`: the id of the node where it
    should run as long as that one lives; when it dies, Ray starts the actor on another one. `labels`: see
    `placement`."""
    remote = ray.remote(GovernanceActor)
    place = "DEFAULT" if near is None else NodeAffinitySchedulingStrategy(near, soft=True)
    handle: ActorHandle = remote.options(
        name=NAME,
        namespace=NAMESPACE,
        lifetime="detached",
        get_if_exists=True,
        max_restarts=-1,
        max_concurrency=1000,
        num_cpus=0,
        scheduling_strategy=place,
        **placement(labels),
    ).remote(settings)
    return handle
