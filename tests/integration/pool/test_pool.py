"""The pool on a Ray of its own: governance as an actor, one worker group on Ray Train."""

from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
import ray
from ray.exceptions import RayActorError

from cluster.capacity.policy import CapacityPolicy
from cluster.capacity.ray_surroundings import Layout
from cluster.capacity.reconciler import Outlook
from cluster.capacity.steward import start_steward
from cluster.embedded.throwaway import Servers
from governance.model import ArtifactId, Job, JobState, Kind, SubjectId
from tests.integration.pool.cluster import Client, Cluster, client, cluster
from tests.support.governance import REGION
from tests.support.waiting import eventually

pytestmark = [pytest.mark.ray, pytest.mark.driver, pytest.mark.timeout(200)]
LONG_S = 150.0


@pytest.fixture(scope="module")
def running(servers: Servers, tiny_base: Path) -> Iterator[Cluster]:
    with cluster(servers, tiny_base, {}, {}) as started:
        yield started


async def test_jobs_are_trained_by_a_worker_group_on_ray_train(running: Cluster) -> None:
    async with client(running) as mine:
        jobs = [await mine.job(seed) for seed in range(3)]
        await mine.all_end(jobs, LONG_S)
        for job in jobs:
            (adapter,) = await mine.of_kind(job.owner, Kind.ADAPTER)
            ended = await mine.governance.job(job.id)
            assert (ended.state, ended.result) == (JobState.SUCCEEDED, adapter.id)
        pool = ray.get_actor(running.training.pool.name, running.training.pool.namespace)
        status = await pool.status.remote()
        assert [group.region for group in status.groups] == ["eu-north-1"]
        assert len(status.workers) == 1
    assert running.processes("RayTrainWorker")
    assert running.processes("DatasetManager") == []


async def test_the_steward_tells_what_runs_and_looks_again_by_itself_after_it_was_killed(running: Cluster) -> None:
    """After the test above: one group lives."""
    pool = running.training.pool
    steward = start_steward(Layout(REGION, "none", pool.name, pool.namespace, slots=2), CapacityPolicy())

    async def seen() -> Outlook | None:
        outlook: Outlook = await steward.outlook.remote()
        return outlook if outlook.shares and outlook.vitals else None

    async def killed() -> bool:
        return running.kill("Steward")

    first = await eventually(seen, within_s=60)
    assert first is not None
    assert decided(first) == [(REGION, 0, 2)]
    await eventually(killed, within_s=30)
    again = await eventually(lambda: _patiently(seen), within_s=90)
    assert again is not None
    assert decided(again) == [(REGION, 0, 2)]


@pytest.mark.timeout(600)
async def test_jobs_outlive_the_kill_of_whoever_looks_after_them(running: Cluster) -> None:
    """Ray Train's controller, then the pool, then governance; each time at most what no checkpoint held is repeated,
    and whoever came just before it is trained once."""
    async with client(running) as mine:
        long, short = await mine.job(10, {"steps": 20_000}), []
        for kind, taken_over in (("TrainController", True), ("TrainingPool", True), ("GovernanceActor", False)):
            sealed = await _sealed(mine, long)
            short.append(await mine.job(11 + len(short), {"steps": 40}))
            assert running.kill(kind)
            if taken_over:
                await eventually(lambda: _taken_over(mine, long), within_s=LONG_S, every_s=0.1)
            assert await eventually(lambda: _step(mine, long), within_s=LONG_S, every_s=0.1) >= sealed
        await mine.all_end(short, LONG_S)
        for job in short:
            ended = await mine.governance.job(job.id)
            assert (ended.state, ended.code) == (JobState.SUCCEEDED, None)
            assert [one.id for one in await mine.of_kind(job.owner, Kind.ADAPTER)] == [ended.result]
            await eventually(partial(_no_checkpoint, mine, job.owner), within_s=30)
        await mine.governance.cancel_job(long.id, long.owner)
        await eventually(lambda: _is(mine, long, JobState.CANCELED), within_s=LONG_S)
        await eventually(partial(_no_checkpoint, mine, long.owner), within_s=LONG_S)
        assert not await mine.of_kind(long.owner, Kind.ADAPTER)


async def _sealed(mine: Client, job: Job) -> int:
    """A step that a sealed checkpoint holds."""
    step = await eventually(lambda: _step(mine, job), within_s=LONG_S, every_s=0.1)
    known = {one.id for one in await mine.of_kind(job.owner, Kind.CHECKPOINT)}
    seen: set[ArtifactId] = set()

    async def second() -> bool:
        """The first new one may have been begun before that step was told, the second was not."""
        seen.update(one.id for one in await mine.of_kind(job.owner, Kind.CHECKPOINT))
        return len(seen - known) >= 2

    await eventually(second, within_s=LONG_S, every_s=0.1)
    return step


async def _step(mine: Client, job: Job) -> int:
    """Steps behind it, as the client is told; 0 while it does not train."""
    found = await mine.governance.job(job.id)
    return found.pace.step if found.pace is not None and found.state is JobState.PROCESSING else 0


async def _taken_over(mine: Client, job: Job) -> bool:
    """Nobody trains it: it waits, or another worker has begun to read it."""
    return (await mine.governance.job(job.id)).state in (JobState.QUEUED, JobState.STARTING)


async def _is(mine: Client, job: Job, state: JobState) -> bool:
    return (await mine.governance.job(job.id)).state is state


async def _no_checkpoint(mine: Client, owner: SubjectId) -> bool:
    return not await mine.of_kind(owner, Kind.CHECKPOINT)


def decided(outlook: Outlook) -> list[tuple[str, int, int]]:
    """How many groups there should be changes with the jobs; where, and how many there may be, does not."""
    return [(share.region, share.replicas, share.room) for share in outlook.shares]


async def _patiently(ask: Callable[[], Awaitable[Outlook | None]]) -> Outlook | None:
    """None while the actor is being restarted."""
    try:
        return await ask()
    except RayActorError:
        return None
