"""A generator replica's numbers as Ray metrics, scraped by Prometheus from every node.

Set whenever Serve asks the replica for its load, about once a second.
"""

from collections.abc import Callable
from time import monotonic

from ray.util.metrics import Counter, Gauge

from serve_apps.engine.stats import EngineStats
from serve_apps.generator.metrics import COUNTERS, GAUGES, levels, sums


class EngineMeter:
    """Reads the engine and tells what changed since the last reading."""

    def __init__(self, replica: str, clock: Callable[[], float] = monotonic) -> None:
        labels = ("replica",)
        self._tags = {"replica": replica}
        self._clock = clock
        self._gauges = {name: Gauge(name, text, tag_keys=labels) for name, text in GAUGES.items()}
        self._counters = {name: Counter(name, text, tag_keys=labels) for name, text in COUNTERS.items()}
        self._told: dict[str, float] = {}
        self._read_at = clock()

    def read(self, stats: EngineStats) -> None:
        """One reading."""
        for name, value in levels(stats).items():
            self._gauges[name].set(value, self._tags)
        now = self._clock()
        busy_s = now - self._read_at if stats.running or stats.decoding else 0.0
        self._read_at = now
        totals = {**sums(stats), "generation_gpu_seconds": self._told.get("generation_gpu_seconds", 0.0) + busy_s}
        for name, value in totals.items():
            grown = value - self._told.get(name, 0.0)
            if grown > 0:
                self._counters[name].inc(grown, self._tags)
            self._told[name] = value
