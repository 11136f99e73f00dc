"""The whole demonstration: an installation of its own, the story on it, and everything stopped and removed after."""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
from pydantic import BaseModel, ConfigDict

from cluster.client.api import Api
from cluster.config import Settings
from cluster.demo.errors import Broken
from cluster.demo.memory import PeakMemory
from cluster.demo.story import Outcome, Story
from cluster.demo.world import fresh_person
from cluster.errors import Busy, ClusterError, DiskUnusable, NotRunning
from cluster.home import Home
from cluster.installation import Installation
from cluster.interrupts import undisturbed
from cluster.ports import free_block
from cluster.progress import Teller

PREFIX = "pixr-demo-"


class Demonstration(BaseModel):
    """The outcome with its cost: seconds of wall time, bytes of memory at the peak."""

    model_config = ConfigDict(frozen=True)

    outcome: Outcome
    wall_s: float
    peak_memory_bytes: int
    peak_rss_sum_bytes: int


@dataclass(frozen=True)
class Wish:
    """What somebody wants to be shown: the folder of the results; the person's seed, None for somebody new; the steps
    of the training, None for the preset's."""

    out: Path
    seed: int | None = None
    steps: int | None = None


def demonstrate(settings: Settings, wish: Wish, teller: Teller) -> Demonstration:
    """Runs it from start to stop. Whatever happens, everything that was started is stopped and removed.

    Raises Broken when a promise was not kept, ClusterError when something could not be started.
    """
    started = time.monotonic()
    wish.out.mkdir(parents=True, exist_ok=True)
    clear_killed(settings, teller)
    with _own_folder() as folder:
        installation = _installation(settings, folder)
        with PeakMemory(installation.processes) as memory:
            outcome = _on(installation, wish, teller)
    return Demonstration(
        outcome=outcome,
        wall_s=time.monotonic() - started,
        peak_memory_bytes=memory.peak_bytes,
        peak_rss_sum_bytes=memory.peak_rss_bytes,
    )


def clear_killed(settings: Settings, teller: Teller) -> None:
    """Stops and removes what earlier demonstrations of ours left that were killed before they could."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        try:
            if folder.stat().st_uid != os.getuid():
                continue
            with Home(folder).lock(), teller.step("Clearing what a killed demonstration left"):
                _end(_installation(settings, folder), teller)
                shutil.rmtree(folder, ignore_errors=True)
        except (Busy, DiskUnusable, FileNotFoundError):
            continue  # It runs, or it went away at this moment.


@contextmanager
def _own_folder() -> Iterator[Path]:
    """A folder that is held for the length of the block, and then removed."""
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    try:
        with Home(folder).lock():
            yield folder
    finally:
        with undisturbed():
            shutil.rmtree(folder, ignore_errors=True)


def _installation(settings: Settings, folder: Path) -> Installation:
    """With servers of its own, whatever servers the person has set."""
    ray = settings.ray.model_copy(update={"dashboard": False})
    changes = {"home": folder / "h", "port_base": free_block().base, "ray": ray, "postgres_dsn": None, "s3": None}
    return Installation(settings.model_copy(update=changes))


def _on(installation: Installation, wish: Wish, teller: Teller) -> Outcome:
    try:
        addresses = installation.up(teller)
        with Api(addresses.api) as api:
            told = Story(installation, api, fresh_person(wish.seed), wish.out, teller)
            return told.tell({} if wish.steps is None else {"steps": wish.steps})
    except ClusterError:
        teller.say(f"  The services' logs are kept in {_kept_logs(installation, wish.out)}")
        raise
    finally:
        with undisturbed():
            _end(installation, teller)


def _kept_logs(installation: Installation, out: Path) -> Path:
    """The logs of what failed, beside the other results; there is nothing personal in them."""
    kept, home = out / "logs", installation.home
    shutil.rmtree(kept, ignore_errors=True)
    for folder in (home.logs, *home.ray.glob("session_2*/logs")):
        with suppress(OSError):  # Files that are just being replaced are missed.
            shutil.copytree(folder, kept / folder.parent.name, ignore_dangling_symlinks=True)
    return kept


def _end(installation: Installation, teller: Teller) -> None:
    """Stops everything and removes its files. Raises Broken for a process that stays."""
    pids = installation.processes()
    try:
        installation.down(teller)
    except NotRunning:
        pass
    finally:
        installation.home.remove()
    left = [pid for pid in pids if _runs(pid)]
    if left:
        raise Broken(f"Processes {left} are still there.")


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
