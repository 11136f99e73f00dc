"""A worker with a real ledger, real blobs and the real engine on a tiny base model."""

import asyncio
from pathlib import Path

import numpy as np
import pytest

from governance.holder import Holder
from governance.ids import JobId
from governance.model import ArtifactId, HolderKind, JobOutcome, JobState, Kind, Purpose
from governance.service import GovernanceService
from tests.integration.pool.house import adapter_bytes, adapters, ended, enqueue, worker_on
from tests.integration.pool.tiny import settings
from tests.support.governance import REGION, completed, holding
from tests.support.waiting import eventually
from training.album import Pixels
from training.metrics import MemoryMeter


class Likes:
    """A scorer that always gives the same."""

    def __init__(self, score: float) -> None:
        self.given = score
        self.seen: list[tuple[int, ...]] = []

    def score(self, photos: Pixels, previews: Pixels) -> float:
        assert photos.dtype == np.uint8
        assert photos.max() > 0
        self.seen.append(previews.shape)
        return self.given


async def test_photos_become_an_adapter_previews_and_a_report(service: GovernanceService, tiny_base: Path) -> None:
    person = await enqueue(service)
    scorer = Likes(0.9)
    async with worker_on(service, settings(tiny_base, REGION), scorer) as (worker, desk):
        await asyncio.wait_for(worker.run(asyncio.Event()), 150)
        assert not worker.jobs
        assert len(desk.pack.trainer) == 0  # type: ignore[attr-defined]
    job = await service.job(person.job.id)
    assert job.state is JobState.SUCCEEDED
    (adapter,) = await adapters(service, person)
    assert job.result == adapter.id
    assert job.pace is not None
    assert (job.pace.steps, job.pace.seconds_left) == (12, None)
    assert set(adapter.parents) == {photo.id for photo in person.photos}
    assert scorer.seen == [(1, 16, 16, 3)]
    kinds = [artifact.kind for artifact in (await service.artifacts(person.subject.id)).items]
    assert kinds.count(Kind.PREVIEW) == 1
    assert kinds.count(Kind.REPORT) == 1
    assert Kind.CHECKPOINT not in kinds


class AtHand:
    """A generator in this process, which holds what it is handed without asking storage."""

    def __init__(self, holder: Holder) -> None:
        self._holder = holder
        self.expected = False
        self.held: dict[ArtifactId, bytearray] = {}

    def expect(self) -> None:
        self.expected = True

    async def offer(self, adapter: ArtifactId, sealed: bytes) -> bool:
        assert self.expected
        self.held[adapter] = await self._holder.hold(adapter, Purpose.GENERATION, lambda: None, sealed)
        return True


async def test_a_finished_adapter_is_at_hand_where_pictures_are_made(
    service: GovernanceService, tiny_base: Path
) -> None:
    person = await enqueue(service)
    async with holding(service, HolderKind.GENERATOR) as holder:
        near = AtHand(holder)
        async with worker_on(service, settings(tiny_base, REGION), receiver=near) as (worker, desk):
            await asyncio.wait_for(worker.run(asyncio.Event()), 150)
        job = await service.job(person.job.id)
        assert list(near.held) == [job.result]
        assert bytes(near.held[ArtifactId(job.result or "")]) == await adapter_bytes(service, person)
        assert isinstance(desk.meter, MemoryMeter)
        assert desk.meter.counts["training_handed_over", "taken"] == 1
        await completed(service, (await service.erase(person.subject.id)).id)
        assert not any(near.held[ArtifactId(job.result or "")])


async def test_previews_on_the_way_are_artifacts(service: GovernanceService, tiny_base: Path) -> None:
    person = await enqueue(service, {"steps": 40, "preview_steps": 15, "prior_weight": 0.5})
    async with worker_on(service, settings(tiny_base, REGION)) as (worker, _):
        await asyncio.wait_for(worker.run(asyncio.Event()), 150)
    assert (await service.job(person.job.id)).state is JobState.SUCCEEDED
    previews = (await service.artifacts(person.subject.id, Kind.PREVIEW)).items
    assert len(previews) == 3
    assert all(set(one.parents) == {photo.id for photo in person.photos} for one in previews)


async def test_the_first_step_is_told_at_once(service: GovernanceService, tiny_base: Path) -> None:
    """Reports are due once a minute here; whoever waits learns without one that the training has begun."""
    person = await enqueue(service, {"steps": 5000})
    async with worker_on(service, settings(tiny_base, REGION, report_s=60.0)) as (worker, _):
        leave = asyncio.Event()
        running = asyncio.create_task(worker.run(leave))

        async def begun() -> bool:
            return (await service.job(person.job.id)).progress > 0

        await eventually(begun, within_s=30)
        leave.set()
        await asyncio.wait_for(running, 60)


async def test_a_pack_and_a_single_training_give_the_same_adapters(service: GovernanceService, tiny_base: Path) -> None:
    together = [await enqueue(service, {"seed": 5, "steps": 6 + 3 * n, "rank": 2 + n}, seed=n) for n in range(3)]
    async with worker_on(service, settings(tiny_base, REGION)) as (worker, _):
        await asyncio.wait_for(worker.run(asyncio.Event()), 150)
    alone = await enqueue(service, {"seed": 5, "steps": 9, "rank": 3}, seed=1)
    async with worker_on(service, settings(tiny_base, REGION)) as (worker, _):
        await asyncio.wait_for(worker.run(asyncio.Event()), 150)
    packed, single = await adapter_bytes(service, together[1]), await adapter_bytes(service, alone)
    assert len(packed) == len(single)
    half = len(packed) // 2  # the header names no job; what follows are float32 matrices
    first = np.frombuffer(packed[half - half % 4 :][: half // 4 * 4], np.float32)
    second = np.frombuffer(single[half - half % 4 :][: half // 4 * 4], np.float32)
    np.testing.assert_allclose(first, second, atol=2e-4)


async def test_an_unreadable_photo_fails_its_job_alone(service: GovernanceService, tiny_base: Path) -> None:
    broken = await enqueue(service, broken=True)
    well = await enqueue(service, seed=1)
    async with worker_on(service, settings(tiny_base, REGION)) as (worker, _):
        await asyncio.wait_for(worker.run(asyncio.Event()), 150)
    failed = await service.job(broken.job.id)
    assert (failed.state, failed.code) == (JobState.FAILED, "unreadable_photo")
    assert not await adapters(service, broken)
    assert (await service.job(well.job.id)).state is JobState.SUCCEEDED


async def test_a_diverging_job_is_expelled_and_its_mate_is_bitwise_undisturbed(
    service: GovernanceService, tiny_base: Path
) -> None:
    alone = await enqueue(service, {"seed": 3, "steps": 30})
    async with worker_on(service, settings(tiny_base, REGION)) as (worker, _):
        await asyncio.wait_for(worker.run(asyncio.Event()), 150)
    mate = await enqueue(service, {"seed": 3, "steps": 30})
    poison = await enqueue(service, {"learning_rate": 0.1, "max_grad_norm": 0, "steps": 30}, seed=1)
    async with worker_on(service, settings(tiny_base, REGION)) as (worker, desk):
        run = asyncio.create_task(worker.run(asyncio.Event()))
        await eventually(lambda: _training(worker, poison.job.id), within_s=120)
        await desk.device.run(_poison, desk, poison.job.id)
        await asyncio.wait_for(run, 150)
    failed = await service.job(poison.job.id)
    assert (failed.state, failed.code) == (JobState.FAILED, "loss_diverged")
    np.testing.assert_allclose(
        _floats(await adapter_bytes(service, alone)), _floats(await adapter_bytes(service, mate)), atol=2e-4
    )


async def _told(service: GovernanceService, id: JobId) -> bool:
    """The client sees step, loss and the seconds left of a training on its way."""
    pace = (await service.job(id)).pace
    return pace is not None and pace.step > 0 and (pace.seconds_left or 0) > 0 and len(pace.curve) > 0


async def _training(worker: object, id: str) -> bool:
    return any(job.id == id and job.step > 1 for job in worker.jobs)  # type: ignore[attr-defined]


async def _resumed(worker: object, id: str) -> bool:
    return any(job.attempt == 2 for job in worker.jobs) and await _training(worker, id)  # type: ignore[attr-defined]


def _poison(desk: object, id: str) -> None:
    member = desk.pack.trainer._member(id)  # type: ignore[attr-defined]
    desk.pack.trainer.stack.rows[member.slot].fill_(float("nan"))  # type: ignore[attr-defined]


def _floats(data: bytes) -> np.ndarray:
    header = 8 + int.from_bytes(data[:8], "little")
    return np.frombuffer(data[header:], np.float32)


async def test_too_low_a_score_says_so_and_keeps_no_adapter(service: GovernanceService, tiny_base: Path) -> None:
    person = await enqueue(service, {"min_identity": 0.5})
    async with worker_on(service, settings(tiny_base, REGION), Likes(0.2)) as (worker, _):
        await asyncio.wait_for(worker.run(asyncio.Event()), 150)
    job = await service.job(person.job.id)
    assert (job.state, job.code) == (JobState.FAILED, "identity_too_low")
    assert not await adapters(service, person)


async def test_a_canceled_job_leaves_before_its_end(service: GovernanceService, tiny_base: Path) -> None:
    person = await enqueue(service, {"steps": 20_000})
    async with worker_on(service, settings(tiny_base, REGION)) as (worker, desk):
        run = asyncio.create_task(worker.run(asyncio.Event()))
        await eventually(lambda: _training(worker, person.job.id), within_s=120)
        await eventually(lambda: _told(service, person.job.id), within_s=120)
        await service.cancel_job(person.job.id, person.subject.id)
        await asyncio.wait_for(run, 150)
        assert len(desk.pack.trainer) == 0  # type: ignore[attr-defined]
    assert (await service.job(person.job.id)).state is JobState.CANCELED


async def test_an_erased_person_is_out_of_memory_when_the_drop_is_acknowledged(
    service: GovernanceService, tiny_base: Path
) -> None:
    person = await enqueue(service, {"steps": 20_000})
    async with worker_on(service, settings(tiny_base, REGION)) as (worker, desk):
        run = asyncio.create_task(worker.run(asyncio.Event()))
        await eventually(lambda: _training(worker, person.job.id), within_s=120)
        (active,) = worker.jobs
        await service.erase(person.subject.id)
        await asyncio.wait_for(run, 150)
        assert len(desk.pack.trainer) == 0  # type: ignore[attr-defined]
        assert not active.album.pixels.any()
        assert not desk.pack.trainer.stack.rows.any()  # type: ignore[attr-defined]


async def test_a_worker_that_must_leave_seals_and_another_goes_on(service: GovernanceService, tiny_base: Path) -> None:
    person = await enqueue(service, {"steps": 200})
    leave = asyncio.Event()
    async with worker_on(service, settings(tiny_base, REGION), name="first") as (worker, _):
        run = asyncio.create_task(worker.run(leave))
        await eventually(lambda: _training(worker, person.job.id), within_s=120)
        leave.set()
        await asyncio.wait_for(run, 150)
    assert (await service.job(person.job.id)).state is JobState.QUEUED
    assert (await service.artifacts(person.subject.id, Kind.CHECKPOINT)).items
    assert [one.tries for one in await service.job_candidates(1)] == [0]
    async with worker_on(service, settings(tiny_base, REGION), name="second") as (worker, _):
        run = asyncio.create_task(worker.run(asyncio.Event()))
        await eventually(lambda: _resumed(worker, person.job.id), within_s=120)
        await asyncio.wait_for(run, 150)
    assert await ended(service, person.job.id)
    assert len(await adapters(service, person)) == 1


async def test_a_job_that_was_queued_again_while_it_is_here_is_taken_once_it_has_left(
    service: GovernanceService, tiny_base: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As after a worker that was silent for too long, which looks for work before it hears that the job is not its."""
    person = await enqueue(service, {"steps": 300})
    async with worker_on(service, settings(tiny_base, REGION, poll_s=0.01, report_s=1.0)) as (worker, _):
        run = asyncio.create_task(worker.run(asyncio.Event()))
        await eventually(lambda: _training(worker, person.job.id), within_s=120)
        await service.finish_job(person.job.id, worker.jobs[0].attempt, JobOutcome(JobState.QUEUED))
        await asyncio.wait_for(run, 150)
    assert (await service.job(person.job.id)).state is JobState.SUCCEEDED
    assert "is given back" not in caplog.text


@pytest.mark.parametrize("params", [{"rank": 64}, {"steps": -1}, {"unheard_of": 1}])
async def test_a_request_that_cannot_be_trained_fails_at_once(
    service: GovernanceService, tiny_base: Path, params: dict[str, int]
) -> None:
    person = await enqueue(service, params)
    async with worker_on(service, settings(tiny_base, REGION)) as (worker, _):
        await asyncio.wait_for(worker.run(asyncio.Event()), 150)
    job = await service.job(person.job.id)
    assert (job.state, job.code) == (JobState.FAILED, "invalid_job")
