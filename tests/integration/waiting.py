"""Waiting from a synchronous test: poll a condition until a deadline."""

import threading
from collections.abc import Callable
from time import monotonic
from typing import TypeVar

T = TypeVar("T")


def until(condition: Callable[[], T], within_s: float = 20.0, every_s: float = 0.05) -> T:
    """The first answer that is true; fails with the last one when the time is over."""
    deadline = monotonic() + within_s
    pause = threading.Event()
    while not (answer := condition()):
        assert monotonic() < deadline, f"still {answer!r} after {within_s} s"
        pause.wait(every_s)
    return answer
