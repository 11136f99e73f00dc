"""The worker's and the pool's numbers as Ray metrics, scraped by Prometheus from every node."""

from ray.util.metrics import Counter, Gauge, Histogram

from training.metrics import COUNTERS, GAUGES, HISTOGRAMS


class RayMeter:
    """Tags are the worker's name and one word (an outcome, a reason); never a person's or a job's id."""

    def __init__(self, worker: str) -> None:
        labels = ("worker", "tag")
        self._worker = worker
        self._gauges = {name: Gauge(name, text, tag_keys=labels) for name, text in GAUGES.items()}
        self._counters = {name: Counter(name, text, tag_keys=labels) for name, text in COUNTERS.items()}
        self._histograms = {
            name: Histogram(name, text, boundaries=edges, tag_keys=labels) for name, (text, edges) in HISTOGRAMS.items()
        }

    def _tags(self, tag: str = "") -> dict[str, str]:
        return {"worker": self._worker, "tag": tag}

    def gauge(self, name: str, value: float) -> None:
        self._gauges[name].set(value, self._tags())

    def count(self, name: str, by: float = 1.0, tag: str = "") -> None:
        if by > 0:
            self._counters[name].inc(by, self._tags(tag))

    def observe(self, name: str, value: float) -> None:
        self._histograms[name].observe(value, self._tags())
