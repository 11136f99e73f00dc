"""How far the host may run ahead of the device, and how fast the device is.

Steps are queued, not waited for: while the device runs one, the host does the bookkeeping of the next. It may be one
step ahead and no more, so that whoever joins, cancels or drops an adapter takes effect at the next step and not after
everything that was queued before. A device without a queue of its own (the CPU) is done when the call returns.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch

from serve_apps.engine.stats import Rate

AHEAD = 1


class Mark(Protocol):
    """A place in the device's queue."""

    def synchronize(self) -> None:
        """Wait until the device has come there."""


def marker_of(device: torch.device) -> Callable[[], Mark] | None:
    """Puts a mark at the end of the device's queue; None for a device without one."""
    if device.type != "cuda":
        return None

    def mark() -> Mark:
        event: Mark = torch.cuda.current_stream(device).record_event()
        return event

    return mark


@dataclass(frozen=True, slots=True)
class _Queued:
    mark: Mark | None
    cells: int
    began: float


class Pace:
    """Marks steps as they are queued and waits for those before; belongs to the engine's thread."""

    def __init__(self, marker: Callable[[], Mark] | None, clock: Callable[[], float]) -> None:
        self._marker, self._clock = marker, clock
        self._queued: deque[_Queued] = deque()
        self._done_at = float("-inf")
        self.cells_per_s = Rate()

    def queued(self, cells: int, began: float) -> None:
        """A step of so many latent cells, begun at `began`, has been queued; waits until few enough are."""
        self._queued.append(_Queued(self._marker() if self._marker else None, cells, began))
        self._wait(AHEAD if self._marker else 0)

    def settle(self) -> None:
        """Wait until the device has done all it was given, copies and zeroing besides steps included."""
        if self._marker is not None:
            self._marker().synchronize()
        self._wait(0)

    def _wait(self, ahead: int) -> None:
        while len(self._queued) > ahead:
            step = self._queued.popleft()
            if step.mark is not None:
                step.mark.synchronize()
            now = self._clock()
            # The device cannot have begun it before it was done with the one before.
            seconds = now - max(step.began, self._done_at)
            self._done_at = now
            if seconds > 0:
                self.cells_per_s.add(step.cells / seconds)
