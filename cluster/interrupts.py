"""Ctrl-C while something must not be left half done: it waits for the end of the block."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

# A person's Ctrl-C, a supervisor's request, a terminal that was closed.
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def interrupt(number: int, frame: FrameType | None) -> None:
    """Every request to end is a KeyboardInterrupt: what was started is stopped on the way out."""
    raise KeyboardInterrupt


@contextmanager
def undisturbed() -> Iterator[None]:
    """Holds requests to end back until the block is done, then raises KeyboardInterrupt for them.

    Only the main thread is ever interrupted; in another thread this does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    asked: list[int] = []
    before = {number: signal.signal(number, lambda n, _: asked.append(n)) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if asked:
        raise KeyboardInterrupt
