"""How far a job is: its loss curve, its pace, and when to report and to seal."""

import math
from dataclasses import dataclass, field

SMOOTHING = 0.05
MOST_POINTS = 512


@dataclass(slots=True)
class LossCurve:
    """At most `MOST_POINTS` (step, loss) points, thinned evenly as it grows, and a smoothed last value."""

    points: list[tuple[int, float]] = field(default_factory=list)
    smooth: float | None = None
    every: int = 1

    def add(self, step: int, loss: float) -> None:
        if not math.isfinite(loss):
            return
        self.smooth = loss if self.smooth is None else self.smooth + SMOOTHING * (loss - self.smooth)
        if step % self.every == 0:
            self.points.append((step, loss))
        if len(self.points) > MOST_POINTS:
            self.every *= 2
            self.points = [point for point in self.points if point[0] % self.every == 0]

    def glance(self, most: int) -> tuple[tuple[int, float], ...]:
        """At most so many of the points, evenly spread, the last one among them."""
        every = math.ceil(len(self.points) / most)
        return tuple(self.points[::-1][::every][::-1]) if self.points else ()

    def rewind(self, step: int) -> None:
        """Forget what came after `step`: the job went back to a checkpoint."""
        self.points = [point for point in self.points if point[0] <= step]


@dataclass(slots=True)
class Pace:
    """Seconds for each step of this job, as packed as it was lately."""

    step_s: float | None = None

    def add(self, seconds: float) -> None:
        self.step_s = seconds if self.step_s is None else self.step_s + 0.1 * (seconds - self.step_s)

    def seconds_left(self, steps: int) -> float | None:
        return None if self.step_s is None else self.step_s * max(0, steps)


@dataclass(slots=True)
class Due:
    """True once every `seconds`, or every `steps` when given; counted from the last time it was."""

    seconds: float
    steps: int = 0
    last_s: float = -math.inf
    last_step: int = 0

    def __call__(self, now: float, step: int = 0) -> bool:
        due = now - self.last_s >= self.seconds or (self.steps > 0 and step - self.last_step >= self.steps)
        if due:
            self.last_s, self.last_step = now, step
        return due

    def start(self, now: float, step: int = 0) -> None:
        """Begin counting here."""
        self.last_s, self.last_step = now, step
