"""What governance does by itself, again and again: walk erasures, expire, recover jobs, forget what has ended."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import psycopg

from governance.errors import GovernanceError

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Chore:
    """Done every `period_s` seconds, and at once after `wake`."""

    name: str
    period_s: float
    work: Callable[[], Awaitable[object]]


class Background:
    """One task for each chore. A chore that fails is logged and done again."""

    def __init__(self) -> None:
        self._tasks: list[asyncio.Task[None]] = []
        self._wakes: list[asyncio.Event] = []

    def start(self, chores: "tuple[Chore, ...]") -> None:
        for chore in chores:
            wake = asyncio.Event()
            self._wakes.append(wake)
            self._tasks.append(asyncio.create_task(_repeat(chore, wake), name=chore.name))

    def wake(self) -> None:
        """There is something to do now."""
        for one in self._wakes:
            one.set()

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        self._wakes.clear()


async def _repeat(chore: Chore, wake: asyncio.Event) -> None:
    while True:
        try:
            await chore.work()
        except GovernanceError as error:
            _LOG.warning("%s: %s", chore.name, error)
        except psycopg.Error:
            _LOG.exception("%s failed", chore.name)
        try:
            # Not wait_for: that one swallows a cancellation that arrives together with the wake.
            async with asyncio.timeout(chore.period_s):
                await wake.wait()
            wake.clear()
        except TimeoutError:
            pass
