"""What the pool tells waiting people: their place and when they will be served, corrected by how long jobs really take.

A job is queued with an estimate in GPU-seconds. How many seconds such a one takes on this machine and in these packs
is learned from the jobs that run: workers say how long each takes as a whole, and the ratio is smoothed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from governance.ids import JobId
from governance.model import JobForecast
from training.capacity import Beat
from training.queue import FairShare, Forecast, Lane, Waiting, forecast

_SMOOTHING = 0.2
# A forecast that moved by less is not written again.
_SAME_S = 1.0
_MOST_REMEMBERED = 10_000


@dataclass(slots=True)
class Foresight:
    """Remembers estimates of jobs seen in the queue, learns from those that run, and tells what changed."""

    policy: FairShare
    stretch: float = 1.0
    startup_s: float = 15.0
    _estimates: dict[JobId, float] = field(default_factory=dict)
    _told: dict[JobId, JobForecast] = field(default_factory=dict)
    _learned: bool = False

    def notice(self, queue: Iterable[Waiting], beats: Iterable[Beat]) -> None:
        """Learn from what runs; a job counts once it has an estimate of its own length."""
        for job in queue:
            self._estimates[job.id] = job.gpu_seconds
        while len(self._estimates) > _MOST_REMEMBERED:
            del self._estimates[next(iter(self._estimates))]
        ratios = [
            whole_s / self._estimates[id]
            for beat in beats
            for id, whole_s in beat.whole_s
            if self._estimates.get(id, 0.0) > 0.0
        ]
        if ratios:
            measured = sum(ratios) / len(ratios)
            self.stretch += (measured - self.stretch) * (_SMOOTHING if self._learned else 1.0)
            self._learned = True

    def started(self, seconds: float) -> None:
        """A worker group took so long from its start to its first sign of life."""
        self.startup_s += 0.5 * (seconds - self.startup_s)

    def coming(self, ages_s: Iterable[float], region_lanes: Sequence[Lane]) -> list[Lane]:
        """The lanes of groups that were started so many seconds ago and have not shown themselves yet."""
        return [
            Lane(lane.regions, lane.memory_mb, max(_SAME_S, self.startup_s - age_s))
            for age_s in ages_s
            for lane in region_lanes
        ]

    def foresee(self, queue: Sequence[Waiting], lanes: Sequence[Lane]) -> Mapping[JobId, Forecast]:
        """Of every waiting job, in seconds from now."""
        return forecast(queue, lanes, self.policy, self.stretch)

    def news(self, forecasts: Mapping[JobId, Forecast], now: datetime) -> dict[JobId, JobForecast]:
        """Those to write: new ones, and ones that changed by more than a second."""
        dated = {id: _dated(one, now) for id, one in forecasts.items()}
        changed = {id: one for id, one in dated.items() if id not in self._told or _moved(self._told[id], one)}
        self._told = {id: changed.get(id) or self._told[id] for id in dated}
        return changed


def _dated(one: Forecast, now: datetime) -> JobForecast:
    return JobForecast(one.position, _at(one.starts_in_s, now), _at(one.ends_in_s, now), one.waits_for)


def _at(seconds: float | None, now: datetime) -> datetime | None:
    return None if seconds is None else now + timedelta(seconds=seconds)


def _moved(told: JobForecast, one: JobForecast) -> bool:
    if (told.position, told.waits_for) != (one.position, one.waits_for):
        return True
    return any(_apart(*pair) for pair in ((told.starts_at, one.starts_at), (told.ends_at, one.ends_at)))


def _apart(one: datetime | None, other: datetime | None) -> bool:
    if one is None or other is None:
        return one is not other
    return abs((one - other).total_seconds()) > _SAME_S
