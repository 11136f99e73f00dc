"""The training queue: exactly one worker a job, late ones fenced out by their attempt. The order is not ours."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from governance.audit.leaf import Leaf, LeafEvent
from governance.clock import Clock
from governance.config import QueueSettings
from governance.errors import Conflict, Fenced, Frozen, Gone, NotFound, Objected
from governance.ledger import artifacts, fences, jobs, subjects, turns
from governance.ledger.database import Connection, Database
from governance.ledger.leaves import record
from governance.model import (
    ArtifactState,
    ClaimedJob,
    Job,
    JobCandidate,
    JobForecast,
    JobId,
    JobOutcome,
    JobReport,
    JobSignal,
    JobState,
    NewJob,
    Page,
    Purpose,
    SubjectId,
    SubjectStatus,
)
from governance.money.money import Money
from governance.policy import Policy

_PAGE_LIMIT = 200
_RUNNING = (JobState.STARTING, JobState.PROCESSING)
_ENDED = (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELED)


class Jobs:
    """See `api.JobsApi` for what each call promises."""

    def __init__(self, database: Database, policy: Policy, clock: Clock, settings: QueueSettings, money: Money) -> None:
        self._database, self._policy, self._clock, self._settings = database, policy, clock, settings
        self._money = money

    async def enqueue(self, new: NewJob) -> Job:
        id = JobId.new()
        async with self._database.transaction() as conn:
            await fences.pass_through(conn)
            region = await self._check(conn, new)
            if await jobs.insert(conn, id, new, region, self._clock()):
                await self._money.hold(conn, new.owner, id, new.charge)
                await self._record(conn, LeafEvent.JOB_QUEUED, new.owner)
            elif new.idempotency_key is not None:
                id = await jobs.by_key(conn, new.owner, new.idempotency_key)
            return await _get(conn, id)

    async def _check(self, conn: Connection, new: NewJob) -> str:
        """Owner and inputs are live and may be trained on; gives the owner's region."""
        people = await subjects.lock_keys(conn, [new.owner.check()], [one.check() for one in new.inputs])
        found = await artifacts.lock_share(conn, new.inputs)
        for id in new.inputs:
            one = found.get(id)
            if one is None or new.owner not in one.subjects:
                raise NotFound(f"there is no {id}")
            if one.state is not ArtifactState.LIVE:
                raise Fenced(f"{id} is {one.state}")
            self._policy.check_read(Purpose.TRAINING, one.kind)
        if new.owner not in people:
            raise NotFound()
        for person in people.values():
            if person.state is SubjectStatus.FROZEN:
                raise Frozen()
            if person.state is not SubjectStatus.ACTIVE:
                raise Fenced(f"{person.id} is {person.state}")
            if Purpose.TRAINING in person.objections:
                raise Objected()
        return people[new.owner].region

    async def job(self, id: JobId, owner: SubjectId | None) -> Job:
        async with self._database.transaction() as conn:
            return await _owned(conn, id, owner)

    async def jobs(self, owner: SubjectId, after: str | None, limit: int) -> Page[Job]:
        wanted = max(1, min(limit, _PAGE_LIMIT))
        async with self._database.transaction() as conn:
            found = await jobs.of_owner(conn, owner, JobId(after) if after else None, wanted + 1)
        page = tuple(found[:wanted])
        return Page(page, page[-1].id if len(found) > wanted else None)

    async def cancel(self, id: JobId, owner: SubjectId | None) -> Job:
        async with self._database.transaction() as conn:
            await jobs.lock(conn, id)
            before = await _owned(conn, id, owner)
            if before.state is JobState.CANCELED:
                return before
            if before.state in _ENDED:
                raise Conflict(f"{id} has {before.state} already")
            await jobs.cancel(conn, id, self._clock())
            return await _get(conn, id)

    async def candidates(self, limit: int) -> Sequence[JobCandidate]:
        since = self._clock() - timedelta(seconds=self._settings.usage_window_s)
        async with self._database.transaction() as conn:
            return await jobs.candidates(conn, limit, since)

    async def claim(
        self,
        worker: str,
        capacity: int,
        region: str | None,
        ids: Sequence[JobId] | None,
        quota: int | None = None,
    ) -> Sequence[ClaimedJob]:
        if capacity < 1:
            return []
        async with self._database.transaction() as conn:
            await fences.pass_through(conn)
            within = None if quota is None else await turns.within_quota(conn, quota, region, ids)
            claimed = await jobs.claim(conn, worker, capacity, region, ids if within is None else within, self._clock())
            for one in claimed:
                await self._record(conn, LeafEvent.JOB_CLAIMED, one.job.owner)
        order = {id: place for place, id in enumerate(ids or ())}
        return sorted(claimed, key=lambda one: order.get(one.job.id, 0))

    async def forecast(self, forecasts: Mapping[JobId, JobForecast]) -> None:
        if forecasts:
            async with self._database.transaction() as conn:
                await turns.forecast(conn, forecasts)

    async def report(self, id: JobId, attempt: int, news: JobReport) -> JobSignal:
        if news.state not in _RUNNING:
            raise Conflict("a report is for a job that runs; end it with finish_job")
        async with self._database.transaction() as conn:
            if not await jobs.report(conn, id, attempt, news, self._clock()):
                return JobSignal.STOP
            now = await jobs.lock(conn, id)
        stop = now is None or now.cancel_asked or now.owner_state != SubjectStatus.ACTIVE
        return JobSignal.STOP if stop else JobSignal.CONTINUE

    async def finish(self, id: JobId, attempt: int, outcome: JobOutcome) -> Job:
        async with self._database.transaction() as conn:
            await fences.pass_through(conn)
            working = await jobs.lock(conn, id)
            if working is None:
                raise NotFound(f"there is no {id}")
            before = await _get(conn, id)
            if working.attempt == attempt and before.state is outcome.state and before.result == outcome.result:
                return before
            await _check_result(conn, outcome)
            if not await jobs.finish(conn, id, attempt, _settled(outcome, working), self._clock()):
                raise Conflict(f"{id} is not attempt {attempt}'s any more: discard its result")
            await self._record(conn, LeafEvent.JOB_FINISHED, before.owner)
            return await _get(conn, id)

    async def recover(self) -> Sequence[JobId]:
        """Take back what silent workers had."""
        now = self._clock()
        async with self._database.transaction() as conn:
            silent = now - timedelta(seconds=self._settings.heartbeat_s)
            return await jobs.recover(conn, silent, self._settings.attempts, now)

    async def _record(self, conn: Connection, event: LeafEvent, owner: SubjectId) -> None:
        await record(conn, [Leaf(event=event, at=self._clock(), subject=owner)])


def _settled(outcome: JobOutcome, working: jobs.Working) -> JobOutcome:
    """A worker that stopped because its owner restricted processing gives the job back, to wait for the lifting."""
    stopped = outcome.state is JobState.CANCELED and not working.cancel_asked
    if stopped and working.owner_state == SubjectStatus.FROZEN:
        return JobOutcome(JobState.QUEUED)
    return outcome


async def _check_result(conn: Connection, outcome: JobOutcome) -> None:
    if outcome.state in _RUNNING:
        raise Conflict("an outcome is an end, or QUEUED to give the job back")
    if outcome.state is JobState.FAILED and outcome.code is None:
        raise Conflict("a failure needs a stable code")
    if outcome.state is JobState.SUCCEEDED:
        if outcome.result is None:
            raise Conflict("a success names the artifact it made")
        made = await artifacts.get(conn, outcome.result)
        if made is None or made.state is not ArtifactState.LIVE:
            raise Fenced("what the job made is not live")


async def _get(conn: Connection, id: JobId) -> Job:
    found = await jobs.get(conn, id)
    if found is None:
        raise NotFound(f"there is no {id}")
    return found


async def _owned(conn: Connection, id: JobId, owner: SubjectId | None) -> Job:
    found = await _get(conn, id)
    if owner is not None and found.owner != owner:
        raise NotFound()
    status = (await subjects.get(conn, found.owner)).status
    if status in (SubjectStatus.ERASING, SubjectStatus.ERASED):
        raise Gone()
    return found
