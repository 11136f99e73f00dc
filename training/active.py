"""One job while it is on a worker, and the stages it goes through there.

PREPARING ──► TRAINING ──► FINISHING ──► ENDED
    │             │            │           ▲
    └─────────────┴────────────┴───────────┘   failed, stopped, dropped, given back
"""

import asyncio
from dataclasses import dataclass, field
from enum import StrEnum
from time import monotonic

from governance.ids import JobId, RunId
from governance.model import ClaimedJob, JobPace, JobReport, JobState
from training.album import Album
from training.checkpoints import Checkpoints
from training.jobs import Recipe
from training.progress import Due, LossCurve, Pace

# Points of the loss curve that a report carries: enough to draw it, few enough to write every second.
MOST_SHOWN = 64


class Stage(StrEnum):
    PREPARING = "preparing"
    TRAINING = "training"
    FINISHING = "finishing"
    ENDED = "ended"


class Stop(StrEnum):
    """Why a job must go from here before its next step."""

    SIGNAL = "signal"
    DROPPED = "dropped"


@dataclass(slots=True)
class ActiveJob:
    """`used_s`: device seconds not reported yet; `stop`: set from any thread, looked at before every step; `began_s`,
    `stepped_s`: when it was claimed and when it made its last step, by the monotonic clock; `glimpse`:
    previews that are being made on the way."""

    claimed: ClaimedJob
    recipe: Recipe
    seal_due: Due
    stage: Stage = Stage.PREPARING
    stop: Stop | None = None
    run: RunId | None = None
    checkpoints: Checkpoints | None = None
    album: Album = field(default_factory=Album)
    curve: LossCurve = field(default_factory=LossCurve)
    pace: Pace = field(default_factory=Pace)
    step: int = 0
    retries: int = 0
    used_s: float = 0.0
    sealing: bool = False
    glimpse: asyncio.Task[None] | None = None
    began_s: float = field(default_factory=monotonic)
    stepped_s: float | None = None

    @property
    def id(self) -> JobId:
        return self.claimed.job.id

    @property
    def attempt(self) -> int:
        return self.claimed.attempt

    def stepped(self, step: int, loss: float, seconds: float, share: float) -> None:
        """Note one step that took `seconds`, of which `share` (0..1) was this job's."""
        self.step = step
        self.curve.add(step, loss)
        # From one step to the next, with all that comes between them: that is how time passes for the client.
        now = monotonic()
        self.pace.add(seconds if self.stepped_s is None else now - self.stepped_s)
        self.stepped_s = now
        self.used_s += seconds * share

    @property
    def glimpse_due(self) -> bool:
        """Its recipe asks for previews at this step, and the last ones are done."""
        every = self.recipe.preview_steps
        return every > 0 and self.step % every == 0 and (self.glimpse is None or self.glimpse.done())

    def seconds_left(self, finish_s: float) -> float | None:
        """Until its end, when finishing takes `finish_s`; None while no step was made yet."""
        training_s = self.pace.seconds_left(self.recipe.steps - self.step)
        return None if training_s is None else training_s + finish_s

    def take_report(self, finish_s: float = 0.0) -> JobReport:
        """What to tell governance now; device seconds are told once."""
        used, self.used_s = self.used_s, 0.0
        return JobReport(
            progress=min(0.99, self.step / self.recipe.steps),
            gpu_seconds=used,
            state=JobState.STARTING if self.stage is Stage.PREPARING else JobState.PROCESSING,
            run=self.run,
            pace=None if self.stage is Stage.PREPARING else self._pace(finish_s),
        )

    def _pace(self, finish_s: float) -> JobPace:
        left_s = self.seconds_left(finish_s)
        return JobPace(self.step, self.recipe.steps, left_s, self.curve.glance(MOST_SHOWN))
