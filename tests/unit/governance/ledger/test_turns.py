"""Quotas and forecasts in the ledger, through the service that uses them."""

import asyncio
from datetime import timedelta

from governance.clock import utc_now
from governance.holder import Holder
from governance.model import JobForecast, JobId, JobPace, JobReport, NewJob, SubjectId
from governance.service import GovernanceService
from tests.support.governance import photo, sign_up


async def _queued(service: GovernanceService, holder: Holder, count: int) -> tuple[SubjectId, list[JobId]]:
    owner = (await sign_up(service)).id
    made = await photo(holder, owner)
    return owner, [(await service.enqueue_job(NewJob(owner, (made.id,), "fast"))).id for _ in range(count)]


async def test_claims_at_the_same_time_stay_within_the_quota(service: GovernanceService, holder: Holder) -> None:
    owner, mine = await _queued(service, holder, 8)
    _, others = await _queued(service, holder, 2)
    claims = await asyncio.gather(*(service.claim_jobs(f"w{n}", 4, ids=[*mine, *others], quota=3) for n in range(4)))
    claimed = [one.job for claim in claims for one in claim]
    assert sum(job.owner == owner for job in claimed) == 3
    assert {job.id for job in claimed if job.owner != owner} == set(others)
    assert await service.claim_jobs("late", 4, ids=mine, quota=3) == []
    first = next(one for one in await service.job_candidates() if one.owner == owner)
    assert (first.owner_running, first.tries) == (3, 0)


async def test_the_order_of_the_wishes_is_kept_within_a_quota(service: GovernanceService, holder: Holder) -> None:
    _, mine = await _queued(service, holder, 3)
    claimed = await service.claim_jobs("w", 3, ids=mine[::-1], quota=2)
    assert [one.job.id for one in claimed] == [mine[2], mine[1]]


async def test_a_forecast_is_shown_until_the_job_is_claimed(service: GovernanceService, holder: Holder) -> None:
    _, (job, other) = await _queued(service, holder, 2)
    now = utc_now()
    seen = JobForecast(7, now + timedelta(seconds=30), now + timedelta(seconds=90), "turn")
    await service.forecast_jobs({job: seen, other: JobForecast(8, None, None, "region"), JobId.new(): seen})
    found = await service.job(job)
    assert (found.forecast, found.position) == (seen, 7)
    assert (await service.job(other)).forecast == JobForecast(8, None, None, "region")
    await service.claim_jobs("w", 1, ids=[job])
    await service.forecast_jobs({job: seen})
    assert ((await service.job(job)).forecast, (await service.job(job)).position) == (None, None)


async def test_how_a_training_goes_is_shown(service: GovernanceService, holder: Holder) -> None:
    _, (job,) = await _queued(service, holder, 1)
    (claimed,) = await service.claim_jobs("w", 1)
    pace = JobPace(12, 40, 3.5, ((1, 0.9), (12, 0.4)))
    await service.report_job(job, claimed.attempt, JobReport(0.3, pace=pace))
    assert (await service.job(job)).pace == pace
    await service.report_job(job, claimed.attempt, JobReport(0.3))
    assert (await service.job(job)).pace == JobPace(12, 40, None, pace.curve)
