"""What a worker and the pool count. Names and numbers only; tags are regions, codes and worker names."""

from collections import Counter as Tally
from collections.abc import Mapping
from typing import Protocol

GAUGES: Mapping[str, str] = {
    "training_pack_size": "jobs trained together on this worker",
    "training_steps_per_second": "samples' steps per second on this worker",
    "training_queued": "jobs waiting in the queue",
    "training_groups": "worker groups alive",
    "training_oldest_wait_s": "longest wait in the queue now",
}
COUNTERS: Mapping[str, str] = {
    "training_jobs": "jobs ended here, by outcome",
    "training_steps": "packed steps done",
    "training_gpu_seconds": "device seconds spent on jobs",
    "training_checkpoints": "checkpoints sealed",
    "training_handed_over": "finished adapters offered to a generator without storage, by whether it took them",
    "training_expelled": "jobs expelled from a pack, by reason",
}
HISTOGRAMS: Mapping[str, tuple[str, list[float]]] = {
    "training_job_s": ("seconds from claim to end", [5, 15, 30, 60, 120, 300, 900, 3600]),
}


class Meter(Protocol):
    """Where the numbers go."""

    def gauge(self, name: str, value: float) -> None: ...

    def count(self, name: str, by: float = 1.0, tag: str = "") -> None: ...

    def observe(self, name: str, value: float) -> None: ...


class MemoryMeter:
    """Keeps the numbers; for a worker without Ray, and for tests."""

    def __init__(self) -> None:
        self.gauges: dict[str, float] = {}
        self.counts: Tally[tuple[str, str]] = Tally()
        self.seen: dict[str, list[float]] = {}

    def gauge(self, name: str, value: float) -> None:
        assert name in GAUGES
        self.gauges[name] = value

    def count(self, name: str, by: float = 1.0, tag: str = "") -> None:
        assert name in COUNTERS
        self.counts[name, tag] += by  # type: ignore[assignment] # seconds are no integers

    def observe(self, name: str, value: float) -> None:
        assert name in HISTOGRAMS
        self.seen.setdefault(name, []).append(value)
