"""The pool on a Ray of its own: governance as an actor, one worker group on Ray Train."""

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
import ray
from ray.exceptions import RayActorError

from cluster.capacity.policy import CapacityPolicy
from cluster.capacity.ray_surroundings import Layout
from cluster.capacity.reconciler import Outlook
from cluster.capacity.steward import start_steward
from cluster.embedded.throwaway import Servers
from governance.model import JobState, Kind
from tests.integration.pool.cluster import Cluster, client, cluster
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


def decided(outlook: Outlook) -> list[tuple[str, int, int]]:
    """How many groups there should be changes with the jobs; where, and how many there may be, does not."""
    return [(share.region, share.replicas, share.room) for share in outlook.shares]


async def _patiently(ask: Callable[[], Awaitable[Outlook | None]]) -> Outlook | None:
    """None while the actor is being restarted."""
    try:
        return await ask()
    except RayActorError:
        return None
