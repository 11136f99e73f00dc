"""The pool on a Ray of its own: governance as an actor, one worker group on Ray Train."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import ray

from cluster.embedded.throwaway import Servers
from governance.model import JobState, Kind
from tests.integration.pool.cluster import Cluster, client, cluster

pytestmark = [pytest.mark.ray, pytest.mark.timeout(200)]
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
