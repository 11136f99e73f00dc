"""What governance does by itself, again and again: walk erasures, expire, recover jobs, forget what has ended."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass

import psycopg

from governance.errors import GovernanceError
from governance.seldom import SeldomLogger

ERASURES, EXPIRY = "erasures", "expiry"
"""Chores that others wake."""
_LOG = logging.getLogger(__name__)
_SELDOM = SeldomLogger(_LOG)
_GRACE_S = 5.0
_PATIENCE_S = 0.5
_STATEMENT_S = 6.0
"""psycopg gives a canceled statement five seconds to end; canceled again before, it leaves its connection amid it."""


@dataclass(frozen=True, slots=True)
class Chore:
    """Done every `period_s` seconds, and when it is woken by its name: at once, or `rest_s` after it was done last, so
    that what many ask for at the same time is done together."""

    name: str
    period_s: float
    work: Callable[[], Awaitable[object]]
    rest_s: float = 0.0


class Background:
    """One task for each chore. A chore that fails is logged and done again."""

    def __init__(self) -> None:
        self._tasks: list[asyncio.Task[None]] = []
        self._wakes: dict[str, asyncio.Event] = {}
        self._stopping = asyncio.Event()

    def start(self, chores: "tuple[Chore, ...]") -> None:
        self._stopping.clear()
        for chore in chores:
            wake = self._wakes[chore.name] = asyncio.Event()
            self._tasks.append(asyncio.create_task(_repeat(chore, wake, self._stopping), name=chore.name))

    def wake(self, name: str) -> None:
        """There is something to do now for this chore, if it is done here."""
        if name in self._wakes:
            self._wakes[name].set()

    async def stop(self) -> None:
        """What is being done comes to its end; what takes longer than a few seconds is canceled."""
        self._stopping.set()
        for wake in self._wakes.values():
            wake.set()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_GRACE_S)
        await end(self._tasks, _STATEMENT_S)
        self._tasks.clear()
        self._wakes.clear()


async def end(tasks: Collection[asyncio.Task[None]], patience_s: float = _PATIENCE_S) -> None:
    """Cancels tasks until they are over; `patience_s` between one time and the next.

    Once is not enough: `asyncio.wait_for` of Python 3.11, which psycopg waits by, forgets a cancellation that arrives
    in the same turn of the loop as what it waits for.
    """
    left = {task for task in tasks if not task.done()}
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=patience_s)


async def _repeat(chore: Chore, wake: asyncio.Event, stopping: asyncio.Event) -> None:
    while not stopping.is_set():
        try:
            await chore.work()
        except GovernanceError as error:
            _SELDOM.warning("%s: %s", chore.name, error)
        except psycopg.Error:
            _LOG.exception("%s failed", chore.name)
        await _happens(stopping, chore.rest_s)
        if await _happens(wake, chore.period_s - chore.rest_s):
            wake.clear()


async def _happens(event: asyncio.Event, within_s: float) -> bool:
    try:
        # Not wait_for: that one swallows a cancellation that arrives together with the event.
        async with asyncio.timeout(within_s):
            return await event.wait()
    except TimeoutError:
        return False
