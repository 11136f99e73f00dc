"""The whole demonstration: an installation of its own, the story on it, and everything stopped and removed after."""

import shutil
import tempfile
import time
from pathlib import Path

import psutil
from pydantic import BaseModel, ConfigDict

from cluster.client.api import Api
from cluster.config import Settings
from cluster.demo.errors import Broken
from cluster.demo.memory import PeakMemory
from cluster.demo.story import Outcome, Story
from cluster.demo.world import fresh_person
from cluster.installation import Installation
from cluster.ports import free_block
from cluster.progress import Teller

BUDGET_S = 300.0
BUDGET_BYTES = 6_000_000_000


class Demonstration(BaseModel):
    """The outcome with its cost: seconds of wall time, bytes of memory at the peak."""

    model_config = ConfigDict(frozen=True)

    outcome: Outcome
    wall_s: float
    peak_memory_bytes: int
    peak_rss_sum_bytes: int


def demonstrate(settings: Settings, out: Path, seed: int | None, teller: Teller) -> Demonstration:
    """Runs it from start to stop. Whatever happens, everything that was started is stopped and removed.

    Raises Broken when a promise was not kept, ClusterError when something could not be started.
    """
    started = time.monotonic()
    out.mkdir(parents=True, exist_ok=True)
    own = Path(tempfile.mkdtemp(prefix="pixr-demo-"))
    ray = settings.ray.model_copy(update={"dashboard": False})
    changes = {"home": own / "h", "port_base": free_block().base, "ray": ray, "postgres_dsn": None, "s3": None}
    installation = Installation(settings.model_copy(update=changes))
    try:
        with PeakMemory(installation.processes) as memory:
            outcome = _on(installation, out, seed, teller)
        return Demonstration(
            outcome=outcome,
            wall_s=time.monotonic() - started,
            peak_memory_bytes=memory.peak_bytes,
            peak_rss_sum_bytes=memory.peak_rss_bytes,
        )
    finally:
        installation.home.remove()
        shutil.rmtree(own, ignore_errors=True)


def _on(installation: Installation, out: Path, seed: int | None, teller: Teller) -> Outcome:
    addresses = installation.up(teller)
    try:
        with Api(addresses.api) as api:
            return Story(installation, api, fresh_person(seed), out, teller).tell()
    finally:
        pids = installation.processes()
        installation.down(teller)
        left = [pid for pid in pids if psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE]
        if left:
            raise Broken(f"Processes {left} are still there.")
