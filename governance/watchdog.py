"""A thread that acts when a deadline passes without being moved, however busy the event loop is."""

from collections.abc import Callable
from threading import Condition, Thread
from time import monotonic


class Watchdog:
    """Calls `act` once for each deadline that passes."""

    def __init__(self, act: Callable[[], None]) -> None:
        self._act = act
        self._deadline: float | None = None
        self._stopped = False
        self._changed = Condition()
        self._thread = Thread(target=self._watch, name="lease watchdog", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def set(self, deadline: float) -> None:
        """Move the deadline (monotonic seconds)."""
        with self._changed:
            self._deadline = deadline
            self._changed.notify()

    def stop(self) -> None:
        with self._changed:
            self._stopped = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join()

    def _watch(self) -> None:
        while self._wait():
            self._act()

    def _wait(self) -> bool:
        """Until the deadline has passed (True) or it is stopped (False)."""
        with self._changed:
            while not self._stopped:
                if self._deadline is None:
                    self._changed.wait()
                elif (left := self._deadline - monotonic()) > 0:
                    self._changed.wait(left)
                else:
                    self._deadline = None
                    return True
            return False
