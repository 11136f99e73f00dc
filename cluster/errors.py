"""What can go wrong between a person and the machine, each with its way out.

ClusterError
├── AlreadyRunning      a second `up` on the same home
├── NotRunning          a command that needs the service
├── Busy                another `up` or `down` is at work on the same home
├── PortTaken           something else listens where we must
├── DiskUnusable        full, read-only or not ours
├── PartFailed          a server we started did not become ready, or died
├── PartMissing         a binary or package the set-up should have brought
└── BadSettings         a setting that cannot be
"""


class ClusterError(Exception):
    """What happened, in one sentence, and in `way_out` what to do about it."""

    def __init__(self, what: str, way_out: str) -> None:
        super().__init__(what)
        self.what = what
        self.way_out = way_out

    def __str__(self) -> str:
        return f"{self.what} {self.way_out}"


class AlreadyRunning(ClusterError):
    """PixReunion is already running on this home."""


class NotRunning(ClusterError):
    """PixReunion is not running on this home."""


class Busy(ClusterError):
    """Another command is starting or stopping the same home."""


class PortTaken(ClusterError):
    """A port that is needed is in use by somebody else."""


class DiskUnusable(ClusterError):
    """The home's disk cannot be written: full, read-only or not ours."""


class PartFailed(ClusterError):
    """A part was started and did not become ready, or died."""


class PartMissing(ClusterError):
    """A part that the set-up installs is not there."""


class BadSettings(ClusterError):
    """A setting has a value that cannot be."""
