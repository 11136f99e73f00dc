"""Processes we start: known by pid and start time, so that a recycled pid is never mistaken for ours."""

import contextlib
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import psutil
from pydantic import BaseModel, ConfigDict, ValidationError

# The start time is kept by the kernel in clock ticks; two readings of one process differ by rounding at most.
_SAME_START_S = 0.05
# The variable by which a process we start can be told from anybody else's.
OWNER = "PIXREUNION_PROCESS_OF"


class ProcessMark(BaseModel):
    """Which process, told apart from a later one that was given the same pid."""

    model_config = ConfigDict(frozen=True)

    pid: int
    started: float

    @classmethod
    def of(cls, pid: int) -> "ProcessMark":
        """The mark of a process that runs now. Raises psutil.NoSuchProcess."""
        return cls(pid=pid, started=psutil.Process(pid).create_time())

    @classmethod
    def read(cls, path: Path) -> "ProcessMark | None":
        """The mark stored at `path`, or None when there is none or a crash left half of one."""
        try:
            return cls.model_validate_json(path.read_text())
        except (FileNotFoundError, ValidationError):
            return None

    def write(self, path: Path) -> None:
        """Stores the mark in one step, so that no reader sees half of it."""
        half = path.with_suffix(".new")
        half.write_text(self.model_dump_json())
        half.replace(path)

    def process(self) -> psutil.Process | None:
        """The process while it lives; None when it ended, also when it waits for its parent as a zombie."""
        try:
            process = psutil.Process(self.pid)
            if abs(process.create_time() - self.started) > _SAME_START_S:
                return None
            return None if process.status() == psutil.STATUS_ZOMBIE else process
        except psutil.NoSuchProcess:
            return None

    @property
    def alive(self) -> bool:
        return self.process() is not None


def spawn(argv: Sequence[str], log: Path, env: Mapping[str, str], cwd: Path | None = None) -> subprocess.Popen[bytes]:
    """Starts a server in a session of its own (Ctrl-C in the terminal does not reach it), its output in `log`."""
    with log.open("ab") as out:
        return subprocess.Popen(
            list(argv), stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=dict(env), cwd=cwd, start_new_session=True
        )


def wait_until(ready: Callable[[], bool], timeout_s: float, poll_s: float = 0.05) -> bool:
    """Whether `ready` came true in time."""
    deadline = time.monotonic() + timeout_s
    while not ready():
        if time.monotonic() >= deadline:
            return False
        time.sleep(poll_s)
    return True


def stop(mark: ProcessMark, signals: Sequence[tuple[signal.Signals, float]]) -> bool:
    """Sends each signal in turn, giving the process its seconds after each. True when it is gone."""
    for number, grace_s in signals:
        process = mark.process()
        if process is None:
            return _ended(mark)
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(number)
        if wait_until(lambda: _ended(mark), grace_s):
            return True
    return not mark.alive


def _ended(mark: ProcessMark) -> bool:
    """Whether it ended; collects it when it was our own child."""
    process = mark.process()
    if process is None:
        with contextlib.suppress(psutil.NoSuchProcess, psutil.TimeoutExpired):
            psutil.Process(mark.pid).wait(timeout=0)
        return True
    return False


def tree(marks: Iterable[ProcessMark]) -> list[psutil.Process]:
    """The living processes among `marks` and all their descendants, each once."""
    found: dict[int, psutil.Process] = {}
    for mark in marks:
        process = mark.process()
        if process is None:
            continue
        found[process.pid] = process
        with contextlib.suppress(psutil.NoSuchProcess):
            found.update({child.pid: child for child in process.children(recursive=True)})
    return list(found.values())


def end(family: Callable[[], list[psutil.Process]]) -> bool:
    """Ends every process that `family` finds, each time anew; True when it finds none any more.

    Asked once, then ended: who dies may have started one more meanwhile.
    """
    for number, patience_s in ((signal.SIGTERM, 1.5), (signal.SIGKILL, 3.0), (signal.SIGKILL, 3.0)):
        found = family()
        if not found:
            return True
        for process in found:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(number)
        psutil.wait_procs(found, timeout=patience_s)
    return not family()


def belonging_to(owner: Path, directory: Path) -> list[ProcessMark]:
    """Processes started for `owner`: their environment says so (see `OWNER`), or their command line names `directory`.

    Both, because Ray's workers overwrite their environment with their title and some of its servers name no path.
    """
    found = []
    for process in psutil.process_iter(["pid", "cmdline", "create_time", "status"]):
        line = " ".join(process.info["cmdline"] or ())
        ours = f"{directory}/" in line or _environment_of(process).get(OWNER) == str(owner)
        if ours and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(ProcessMark(pid=process.info["pid"], started=process.info["create_time"]))
    return found


def _environment_of(process: psutil.Process) -> Mapping[str, str]:
    try:
        return process.environ()
    except (psutil.Error, OSError):
        return {}
