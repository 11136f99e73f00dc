"""Waiting without sleeping for a guess: poll a condition until a deadline."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import TypeVar

T = TypeVar("T")


async def eventually(condition: Callable[[], Awaitable[T]], within_s: float = 60.0, every_s: float = 0.02) -> T:
    """The first answer that is true; fails with the last one when the time is over."""
    deadline = monotonic() + within_s
    while not (answer := await condition()):
        assert monotonic() < deadline, f"still {answer!r} after {within_s} s"
        await asyncio.sleep(every_s)
    return answer
