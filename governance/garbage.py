"""Plaintext in reference cycles: Python frees it only when its collector passes, which may be never when it idles.

An exception holds its frames and a frame its variables, so a name may stand in memory long after the request that
brought it. Holders of plaintext therefore sweep all the time. What a process started with is set aside first, which
makes a sweep a matter of milliseconds.
"""

import gc
from time import monotonic

INTERVAL_S = 3.0
REST = 50.0
"""A sweep is followed by at least so many times its own length without one, however much there is to look at."""


class Sweeper:
    """Collects all generations, at most once in an interval and for 2 % of the time."""

    def __init__(self) -> None:
        self._next = 0.0

    def set_aside(self) -> None:
        """What lives now is there to stay: later sweeps need not look at it."""
        gc.collect()
        gc.freeze()

    def sweep(self) -> bool:
        """Whether it was time to."""
        began = monotonic()
        if began < self._next:
            return False
        gc.collect()
        self._next = began + max(INTERVAL_S, REST * (monotonic() - began))
        return True
