"""What an engine tells about itself: for autoscaling, routing and metrics."""

from __future__ import annotations

from dataclasses import dataclass

from serve_apps.engine.model import AdapterId


@dataclass(frozen=True, slots=True)
class EngineStats:
    """A reading of the engine. `queued_steps` (rows times steps still to run) is what autoscaling should look at.

    `batch_fill` is the share of the batch's rows that carried a request, averaged over recent steps; `cells_per_s`
    the recent rate of latent cells denoised; `recompiles` what was compiled after warm-up (always 0 when eager).
    """

    waiting: int
    running: int
    decoding: int
    queued_steps: int
    rows: int
    max_rows: int
    batch_fill: float
    cells_per_s: float
    steps: int
    pictures: int
    resident: tuple[AdapterId, ...]
    in_host_memory: tuple[AdapterId, ...]
    host_bytes: int
    loads: int
    evictions: int
    fetches: int
    recompiles: int
    callback_errors: int


class Rate:
    """A running average that forgets: each reading moves it by `weight`."""

    def __init__(self, weight: float = 0.1) -> None:
        self._weight = weight
        self.value = 0.0
        self._seen = False

    def add(self, reading: float) -> None:
        self.value = reading if not self._seen else self.value + self._weight * (reading - self.value)
        self._seen = True
