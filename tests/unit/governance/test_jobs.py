"""The training queue: exactly one worker, late ones fenced out."""

import asyncio
from datetime import timedelta

import pytest

from governance.clock import ManualClock
from governance.config import GovernanceSettings
from governance.errors import Conflict, Fenced, Frozen, NotFound, Refused
from governance.holder import Holder
from governance.model import (
    Artifact,
    ArtifactId,
    Job,
    JobId,
    JobOutcome,
    JobReport,
    JobSignal,
    JobState,
    Kind,
    NewArtifact,
    NewJob,
    Purpose,
    Subject,
)
from governance.service import GovernanceService
from tests.support.governance import holding, photo, running, sign_up, with_clock


async def _queued(service: GovernanceService, holder: Holder, count: int) -> tuple[Subject, Artifact, list[Job]]:
    owner = await sign_up(service)
    made = await photo(holder, owner.id)
    jobs = [await service.enqueue_job(NewJob(owner.id, (made.id,), "fast", {"steps": n})) for n in range(count)]
    return owner, made, jobs


async def test_a_job_goes_from_queued_to_succeeded(service: GovernanceService, holder: Holder) -> None:
    owner, made, (job,) = await _queued(service, holder, 1)
    assert (job.state, job.position, job.params) == (JobState.QUEUED, 0, {"steps": 0})
    (claimed,) = await service.claim_jobs("worker", 5)
    assert claimed.job.state is JobState.STARTING
    assert await service.report_job(job.id, claimed.attempt, JobReport(0.4, gpu_seconds=3)) is JobSignal.CONTINUE
    assert (await service.job(job.id, owner.id)).progress == 0.4
    adapter = await holder.write(NewArtifact(Kind.ADAPTER, (owner.id,), Purpose.TRAINING, (made.id,)), b"weights")
    outcome = JobOutcome(JobState.SUCCEEDED, result=adapter.id)
    done = await service.finish_job(job.id, claimed.attempt, outcome)
    assert (done.state, done.progress, done.result) == (JobState.SUCCEEDED, 1, adapter.id)
    assert await service.finish_job(job.id, claimed.attempt, outcome) == done


async def test_each_job_goes_to_exactly_one_of_many_workers(service: GovernanceService, holder: Holder) -> None:
    _, _, jobs = await _queued(service, holder, 12)
    claims = await asyncio.gather(*(service.claim_jobs(f"worker-{n}", 3) for n in range(8)))
    claimed = [one.job.id for claim in claims for one in claim]
    assert sorted(claimed) == sorted(job.id for job in jobs)


async def test_the_caller_decides_the_order(service: GovernanceService, holder: Holder) -> None:
    _, _, jobs = await _queued(service, holder, 3)
    candidates = await service.job_candidates()
    assert [one.id for one in candidates] == [job.id for job in jobs]
    wanted = [jobs[2].id, jobs[0].id, JobId.new()]
    assert [one.job.id for one in await service.claim_jobs("worker", 3, ids=wanted)] == wanted[:2]
    assert (await service.job(jobs[1].id)).position == 0


async def test_region_and_priority(service: GovernanceService, holder: Holder) -> None:
    owner, made, (first,) = await _queued(service, holder, 1)
    urgent = await service.enqueue_job(NewJob(owner.id, (made.id,), "fast", priority=5))
    assert (await service.job(first.id)).position == 1
    assert await service.claim_jobs("worker", 1, region="elsewhere") == []
    (claimed,) = await service.claim_jobs("worker", 1, region=owner.region)
    assert claimed.job.id == urgent.id


async def test_a_silent_worker_loses_its_job_and_is_fenced_out(settings: GovernanceSettings) -> None:
    clock = ManualClock()
    async with running(settings, with_clock(clock)) as service, holding(service) as holder:
        _, _, (job,) = await _queued(service, holder, 1)
        (late,) = await service.claim_jobs("slow", 1)
        clock.move(timedelta(seconds=settings.queue.heartbeat_s + 1))
        await service.parts.jobs.recover()
        (second,) = await service.claim_jobs("quick", 1)
        assert (second.job.id, second.attempt) == (job.id, late.attempt + 1)
        assert await service.report_job(job.id, late.attempt, JobReport(0.9)) is JobSignal.STOP
        with pytest.raises(Conflict):
            await service.finish_job(job.id, late.attempt, JobOutcome(JobState.FAILED, code="late"))
        assert await service.report_job(job.id, second.attempt, JobReport(0.1)) is JobSignal.CONTINUE


async def test_after_too_many_lost_workers_it_fails(settings: GovernanceSettings) -> None:
    clock = ManualClock()
    async with running(settings, with_clock(clock)) as service, holding(service) as holder:
        _, _, (job,) = await _queued(service, holder, 1)
        for _ in range(settings.queue.attempts):
            assert await service.claim_jobs("worker", 1)
            clock.move(timedelta(seconds=settings.queue.heartbeat_s + 1))
            await service.parts.jobs.recover()
        found = await service.job(job.id)
        assert (found.state, found.code) == (JobState.FAILED, "worker_lost")


async def test_a_preempted_job_has_as_many_tries_as_before(settings: GovernanceSettings) -> None:
    clock = ManualClock()
    async with running(settings, with_clock(clock)) as service, holding(service) as holder:
        _, _, (job,) = await _queued(service, holder, 1)
        for _ in range(settings.queue.attempts + 1):
            (claimed,) = await service.claim_jobs("worker", 1)
            assert claimed.tries == 1
            await service.finish_job(job.id, claimed.attempt, JobOutcome(JobState.QUEUED, preempted=True))
        (candidate,) = await service.job_candidates(1)
        assert (candidate.tries, candidate.requeued_at) == (0, clock())
        (lost,) = await service.claim_jobs("worker", 1)
        clock.move(timedelta(seconds=settings.queue.heartbeat_s + 1))
        await service.parts.jobs.recover()
        (again,) = await service.claim_jobs("worker", 1)
        assert (again.attempt, again.tries) == (lost.attempt + 1, 2)
        await service.finish_job(job.id, again.attempt, JobOutcome(JobState.QUEUED))
        (candidate,) = await service.job_candidates(1)
        assert candidate.tries == 2


async def test_cancelling(service: GovernanceService, holder: Holder) -> None:
    owner, _, (waiting, running_one) = await _queued(service, holder, 2)
    stranger = await sign_up(service)
    with pytest.raises(NotFound):
        await service.cancel_job(waiting.id, stranger.id)
    assert (await service.cancel_job(waiting.id, owner.id)).state is JobState.CANCELED
    (claimed,) = await service.claim_jobs("worker", 1)
    assert (await service.cancel_job(running_one.id, owner.id)).state is JobState.STARTING
    assert await service.report_job(running_one.id, claimed.attempt, JobReport(0.1)) is JobSignal.STOP
    done = await service.finish_job(running_one.id, claimed.attempt, JobOutcome(JobState.CANCELED))
    assert done.state is JobState.CANCELED
    assert (await service.cancel_job(running_one.id, owner.id)).state is JobState.CANCELED


async def test_the_same_key_is_the_same_job(service: GovernanceService, holder: Holder) -> None:
    owner = await sign_up(service)
    made = await photo(holder, owner.id)
    new = NewJob(owner.id, (made.id,), "fast", idempotency_key="once")
    first, second = await asyncio.gather(service.enqueue_job(new), service.enqueue_job(new))
    assert first.id == second.id
    assert [one.id for one in (await service.jobs(owner.id)).items] == [first.id]


async def test_inputs_must_be_ones_own_live_and_fit_for_training(service: GovernanceService, holder: Holder) -> None:
    owner, other = await sign_up(service), await sign_up(service)
    foreign = await photo(holder, other.id)
    mine = await photo(holder, owner.id)
    prompt = await holder.write(NewArtifact(Kind.PROMPT, (owner.id,), Purpose.GENERATION), b"a prompt")
    for inputs, error in (((foreign.id,), NotFound), ((ArtifactId.new(),), NotFound), ((prompt.id,), Refused)):
        with pytest.raises(error):
            await service.enqueue_job(NewJob(owner.id, inputs, "fast"))
    await service.erase(mine.id)
    with pytest.raises(Fenced):
        await service.enqueue_job(NewJob(owner.id, (mine.id,), "fast"))


async def test_restriction_stops_a_running_job_which_waits_until_it_is_lifted(
    service: GovernanceService, holder: Holder
) -> None:
    owner, made, (job,) = await _queued(service, holder, 1)
    (claimed,) = await service.claim_jobs("worker", 1)
    await service.restrict(owner.id)
    assert await service.report_job(job.id, claimed.attempt, JobReport(0.1)) is JobSignal.STOP
    back = await service.finish_job(job.id, claimed.attempt, JobOutcome(JobState.CANCELED))
    assert back.state is JobState.QUEUED
    assert await service.claim_jobs("worker", 1) == []
    with pytest.raises(Frozen):
        await service.enqueue_job(NewJob(owner.id, (made.id,), "fast"))
    await service.lift(owner.id)
    assert len(await service.claim_jobs("worker", 1)) == 1


async def test_outcomes_that_make_no_sense_are_refused(service: GovernanceService, holder: Holder) -> None:
    _, made, (job,) = await _queued(service, holder, 1)
    (claimed,) = await service.claim_jobs("worker", 1)
    wrong = (
        JobOutcome(JobState.PROCESSING),
        JobOutcome(JobState.FAILED),
        JobOutcome(JobState.SUCCEEDED),
    )
    for outcome in wrong:
        with pytest.raises(Conflict):
            await service.finish_job(job.id, claimed.attempt, outcome)
    unknown = JobOutcome(JobState.SUCCEEDED, result=ArtifactId.new())
    with pytest.raises(Fenced):
        await service.finish_job(job.id, claimed.attempt, unknown)
    with pytest.raises(Conflict):
        await service.report_job(job.id, claimed.attempt, JobReport(1.0, state=JobState.SUCCEEDED))
    assert made.id


async def test_pages_go_from_newest_to_oldest(service: GovernanceService, holder: Holder) -> None:
    owner, _, jobs = await _queued(service, holder, 5)
    first = await service.jobs(owner.id, limit=3)
    second = await service.jobs(owner.id, after=first.next, limit=3)
    assert [one.id for one in (*first.items, *second.items)] == [job.id for job in reversed(jobs)]
    assert second.next is None
