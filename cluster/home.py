"""The home: one directory that holds everything an installation keeps on this machine, readable by its owner alone."""

import errno
import fcntl
import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cluster.errors import Busy, DiskUnusable

# PostgreSQL, S3 and Ray's own files before the first photo.
NEEDED_BYTES = 1_000_000_000
# Ray puts sockets about 66 characters below its directory, and a socket's path may have 107.
_RAY_PATH_CHARS = 40

_REASONS = {
    errno.EROFS: "is read-only",
    errno.ENOSPC: "is full",
    errno.EDQUOT: "has reached its quota",
    errno.EACCES: "does not let us write",
    errno.EPERM: "does not let us write",
}


class Home:
    """Names of the files; makes directories when asked to prepare."""

    def __init__(self, root: Path) -> None:
        self.root = root.expanduser().absolute()

    @property
    def postgres(self) -> Path:
        return self.root / "postgres"

    @property
    def s3(self) -> Path:
        return self.root / "s3"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def marks(self) -> Path:
        """One file for each process we started."""
        return self.root / "marks"

    @property
    def secrets(self) -> Path:
        return self.root / "secrets.json"

    @property
    def token(self) -> Path:
        """Ray's token (0600): whoever holds it runs code here."""
        return self.root / "ray-token"

    @property
    def state(self) -> Path:
        """What the last `up` started: addresses and ports, no secrets."""
        return self.root / "state.json"

    @property
    def ray(self) -> Path:
        """Ray's directory; elsewhere when the home's path is too long for the sockets in it."""
        near = self.root / "ray"
        if len(str(near)) <= _RAY_PATH_CHARS:
            return near
        name = f"pixr-{hashlib.sha256(str(self.root).encode()).hexdigest()[:10]}"
        return Path(tempfile.gettempdir()) / name / "ray"

    def prepare(self, needed_bytes: int | None = None) -> None:
        """Makes the directories (0700) and proves that they can be written. Raises DiskUnusable.

        `needed_bytes`: how much room there must be; as a rule what a service needs before the first photo.
        """
        try:
            # Ray opens its own directory to everybody; the one above it stays closed.
            for path in (self.root, self.postgres, self.s3, self.logs, self.marks, self.ray.parent, self.ray):
                path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._probe()
        except OSError as error:
            raise self._unusable(error) from error
        free = shutil.disk_usage(self.root).free
        needed = NEEDED_BYTES if needed_bytes is None else needed_bytes
        if free < needed:
            raise DiskUnusable(
                f"The disk of {self.root} has {free // 1_000_000} MB left; {needed // 1_000_000} MB are needed.",
                "Free some space, or point PIXREUNION_HOME at a larger disk.",
            )

    def prove_writable(self) -> None:
        """Raises DiskUnusable when nothing could be kept here."""
        try:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._probe()
        except OSError as error:
            raise self._unusable(error) from error

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Holds the home for one command that starts or stops things. Raises Busy while another one holds it."""
        with self.writing():
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            file = (self.root / "lock").open("w")
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise Busy(
                    f"Another `pixreunion` is starting or stopping {self.root} at this moment.",
                    "Wait for it to finish, then try again.",
                ) from error
            yield

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Raises DiskUnusable when the disk refuses a write in the block; other errors pass."""
        try:
            yield
        except OSError as error:
            if error.errno not in _REASONS:
                raise
            raise self._unusable(error) from error

    def remove(self) -> None:
        """Deletes everything. For homes that were made for one run."""
        if self.ray.parent != self.root:
            shutil.rmtree(self.ray.parent, ignore_errors=True)
        shutil.rmtree(self.root, ignore_errors=True)

    def _probe(self) -> None:
        probe = self.root / ".probe"
        probe.write_bytes(b"\0" * 4096)
        probe.unlink()

    def _unusable(self, error: OSError) -> DiskUnusable:
        reason = _REASONS.get(error.errno or 0, f"answers: {error.strerror}")
        return DiskUnusable(
            f"The disk of {self.root} {reason}.", "Point PIXREUNION_HOME at a directory that you can write."
        )
