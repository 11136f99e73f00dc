"""What can go wrong with a training job.

TrainingError
├── InvalidJob          the settings asked for cannot be trained
├── JobFailed           this job ends here; its pack-mates go on (`code` is stable and shown to the client)
│   ├── NoPhotos            nothing to learn from
│   ├── UnreadablePhoto     a photo cannot be decoded
│   ├── LossDiverged        the loss was not finite, also after going back to the last checkpoint
│   ├── TooLarge            it does not fit the device even alone
│   ├── TooManyTries        every worker that took it was lost
│   ├── TimedOut            no worker could take it in time
│   └── Unlike              the finished model does not resemble its person
├── WorkersLost         several workers train one job, and too many of them were lost
└── JobStopped          canceled, erased, restricted, or given to another worker: drop everything

Messages name ids, numbers and rules, never contents, so that they may be logged.
"""

from typing import ClassVar


class TrainingError(Exception):
    """Training could not do what was asked."""

    code: ClassVar[str] = "training_error"

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or type(self).__doc__)


class InvalidJob(TrainingError):
    """These settings cannot be trained; the message names the field and its limits."""

    code = "invalid_job"


class JobFailed(TrainingError):
    """This job cannot be finished."""

    code = "job_failed"


class NoPhotos(JobFailed):
    """The job names no photo; give at least one."""

    code = "no_photos"


class UnreadablePhoto(JobFailed):
    """A photo could not be decoded; upload it again and start a new training."""

    code = "unreadable_photo"


class LossDiverged(JobFailed):
    """The loss was not finite; start again with a smaller learning rate."""

    code = "loss_diverged"


class TooLarge(JobFailed):
    """The job does not fit the device's memory; lower rank, batch or resolution."""

    code = "out_of_memory"


class TooManyTries(JobFailed):
    """The job was started too often without being finished; start a new training."""

    code = "too_many_tries"


class TimedOut(JobFailed):
    """No worker could take the job in time."""

    code = "admission_timed_out"


class Unlike(JobFailed):
    """The finished model does not resemble its person; train on clearer or more photos."""

    code = "identity_too_low"


class WorkersLost(TrainingError):
    """Workers were lost again and again; look at their nodes, then start again: it goes on from the last checkpoint."""

    code = "workers_lost"


class JobStopped(TrainingError):
    """The job is not this worker's any more."""

    code = "stopped"
