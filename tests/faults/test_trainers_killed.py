"""Training workers killed at random moments: every job ends exactly once, none is lost, none is made twice."""

import asyncio
import os
import random
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Iterator
from pathlib import Path

import pytest

from cluster.embedded.throwaway import Servers
from governance.config import QueueSettings
from governance.model import JobState, Kind
from governance.service import GovernanceService
from tests.faults.conftest import Scene
from tests.integration.pool.house import Person, enqueue
from tests.integration.pool.tiny import save_base
from tests.support.governance import fresh_database, running, settings_for
from tests.support.waiting import eventually

pytestmark = pytest.mark.timeout(600)
PATIENCE_S = 240.0


@pytest.fixture
def patient(servers: Servers, tmp_path: Path) -> Iterator[Scene]:
    """Leases and heartbeats that a busy machine does not miss: only a kill ends a worker."""
    with fresh_database(servers, migrated=True) as dsn:
        known = settings_for(servers, dsn, tmp_path, lease_s=30.0)
        yield Scene(tmp_path, known.model_copy(update={"queue": QueueSettings(heartbeat_s=10, attempts=10)}))


async def _trainer(scene: Scene, base: Path) -> Process:
    """A worker that trains by now, or has nothing left to do."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.faults.trainer", str(scene.folder), str(base),
        stdout=PIPE, stderr=asyncio.subprocess.DEVNULL, cwd=Path(__file__).parents[2], preexec_fn=lambda: os.nice(5),
    )  # fmt: skip
    assert process.stdout is not None
    await asyncio.wait_for(process.stdout.readline(), PATIENCE_S)
    return process


async def _all_ended(service: GovernanceService, people: list[Person]) -> bool:
    states = [(await service.job(person.job.id)).state for person in people]
    return all(state in (JobState.SUCCEEDED, JobState.FAILED) for state in states)


async def test_jobs_of_a_killed_worker_go_on_elsewhere_and_end_once(patient: Scene, fault_seed: int) -> None:
    scene, base = patient, save_base(patient.folder / "base" / "pipeline")
    chance = random.Random(fault_seed)
    async with running(scene.settings) as service:
        people = [await enqueue(service, {"steps": 60 + 20 * number}, seed=number) for number in range(3)]
        victim = await _trainer(scene, base)
        # A moment somewhere between the first step and the sealing of what was learned.
        await asyncio.sleep(chance.uniform(0.0, 4.0))
        if victim.returncode is None:
            os.kill(victim.pid, signal.SIGKILL)
        await victim.wait()
        await eventually(lambda: _nobody_runs(service, people), within_s=PATIENCE_S, every_s=0.2)
        other = await _trainer(scene, base)
        await eventually(lambda: _all_ended(service, people), within_s=PATIENCE_S, every_s=0.2)
        await asyncio.wait_for(other.wait(), PATIENCE_S)
        for person in people:
            job = await service.job(person.job.id)
            assert (job.state, job.code) == (JobState.SUCCEEDED, None)
            adapters = (await service.artifacts(person.subject.id, Kind.ADAPTER)).items
            assert [one.id for one in adapters] == [job.result]


async def _nobody_runs(service: GovernanceService, people: list[Person]) -> bool:
    """What the dead worker had is in the queue again, or had ended before."""
    states = [(await service.job(person.job.id)).state for person in people]
    return not any(state in (JobState.STARTING, JobState.PROCESSING) for state in states)
