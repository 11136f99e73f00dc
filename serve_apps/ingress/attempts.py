"""How often a password may be tried: counted per account and per network address, in memory, as keyed hashes."""

from collections import OrderedDict
from collections.abc import Callable
from time import monotonic

from serve_apps.ingress.errors import TooManyAttempts

MAX_TRACKED = 100_000


class Attempts:
    """A token bucket per key: `limit` attempts at once, refilled evenly over `window_s` seconds."""

    def __init__(self, limit: int, window_s: float, clock: Callable[[], float] = monotonic) -> None:
        self._limit = limit
        self._per_s = limit / window_s
        self._clock = clock
        self._buckets: OrderedDict[bytes, tuple[float, float]] = OrderedDict()

    def take(self, key: bytes) -> None:
        """Counts one attempt; `TooManyAttempts` when there is none left, with the wait in seconds."""
        left = self._left(key)
        if left < 1.0:
            raise TooManyAttempts(retry_after_s=(1.0 - left) / self._per_s)
        self._put(key, left - 1.0)

    def forget(self, key: bytes) -> None:
        """The right password was given: earlier attempts no longer count."""
        self._buckets.pop(key, None)

    def _left(self, key: bytes) -> float:
        left, at = self._buckets.get(key, (float(self._limit), self._clock()))
        return min(float(self._limit), left + (self._clock() - at) * self._per_s)

    def _put(self, key: bytes, left: float) -> None:
        self._buckets[key] = (left, self._clock())
        self._buckets.move_to_end(key)
        while len(self._buckets) > MAX_TRACKED:
            self._buckets.popitem(last=False)
