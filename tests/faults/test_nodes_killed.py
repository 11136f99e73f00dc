"""Nodes lost at random moments, with the trainer or whatever else runs there: every job ends exactly once."""

import asyncio
import random
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from cluster.embedded.throwaway import Servers
from governance.model import JobState, Kind, SubjectId
from tests.faults.nodes import Nodes
from tests.integration.pool.cluster import Client, Cluster, client, cluster
from tests.integration.pool.tiny import save_base
from tests.support.waiting import eventually

pytestmark = [pytest.mark.ray, pytest.mark.driver, pytest.mark.timeout(900)]
PATIENCE_S = 400.0
TRAINER = "RayTrainWorker"


@pytest.fixture(scope="module")
def nodes() -> Nodes:
    return Nodes()


@pytest.fixture(scope="module")
def running(servers: Servers, nodes: Nodes, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    base: Path = save_base(tmp_path_factory.mktemp("base") / "pipeline")
    with cluster(servers, base, {}, {}, nodes.started) as started:
        yield started


async def test_jobs_outlive_the_loss_of_a_node(running: Cluster, nodes: Nodes, fault_seed: int) -> None:
    chance = random.Random(fault_seed)
    async with client(running) as mine:
        jobs = [await mine.job(10 * fault_seed + number, {"steps": 200 + 400 * number}) for number in range(3)]

        async def trained() -> bool:
            return (await mine.governance.job(jobs[-1].id)).state is JobState.PROCESSING

        await eventually(trained, within_s=PATIENCE_S, every_s=0.2)
        await asyncio.sleep(chance.uniform(0.0, 4.0))
        assert await trained(), "nothing would be lost"
        # Mostly the trainer's own node; else another, with the pool, governance or Ray Train's controller on it or not.
        mostly = nodes.of(TRAINER) if chance.random() < 0.7 else []
        nodes.lose(mostly[0] if mostly else nodes.any(chance))
        await mine.all_end(jobs, PATIENCE_S)
        for job in jobs:
            ended = await mine.governance.job(job.id)
            assert (ended.state, ended.code) == (JobState.SUCCEEDED, None)
            assert [one.id for one in await mine.of_kind(job.owner, Kind.ADAPTER)] == [ended.result]
            await eventually(partial(_no_checkpoint, mine, job.owner), within_s=60)


async def _no_checkpoint(mine: Client, owner: SubjectId) -> bool:
    return not await mine.of_kind(owner, Kind.CHECKPOINT)
