"""One job while it is on a worker, and the stages it goes through there.

PREPARING ──► TRAINING ──► FINISHING ──► ENDED
    │             │            │           ▲
    └─────────────┴────────────┴───────────┘   failed, stopped, dropped, given back
"""

from dataclasses import dataclass, field
from enum import StrEnum

from governance.ids import JobId, RunId
from governance.model import ClaimedJob, JobReport, JobState
from training.album import Album
from training.checkpoints import Checkpoints
from training.jobs import Recipe
from training.progress import Due, LossCurve, Pace


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
    """`used_s`: device seconds not reported yet; `stop`: set from any thread, looked at before every step."""

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
        self.pace.add(seconds)
        self.used_s += seconds * share

    def take_report(self) -> JobReport:
        """What to tell governance now; device seconds are told once."""
        used, self.used_s = self.used_s, 0.0
        return JobReport(
            progress=min(0.99, self.step / self.recipe.steps),
            gpu_seconds=used,
            state=JobState.STARTING if self.stage is Stage.PREPARING else JobState.PROCESSING,
            run=self.run,
        )
