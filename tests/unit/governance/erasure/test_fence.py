"""The fence: closure, keys, work in flight (I2, I3, I7)."""

import asyncio

import pytest

from governance.errors import Conflict, Fenced, Gone, GovernanceError, NotFound
from governance.holder import Holder
from governance.model import (
    Artifact,
    ArtifactId,
    JobOutcome,
    JobReport,
    JobSignal,
    JobState,
    Kind,
    NewArtifact,
    NewJob,
    NewRun,
    Purpose,
    Receipt,
    Request,
    RunState,
    SubjectId,
    SubjectStatus,
)
from governance.service import GovernanceService
from tests.support.governance import completed, photo, sign_up
from tests.support.waiting import eventually


async def test_erasing_an_artifact_takes_every_descendant_and_nothing_else(
    service: GovernanceService, holder: Holder
) -> None:
    one, two = await sign_up(service), await sign_up(service)
    root, other = await photo(holder, one.id), await photo(holder, two.id)
    shared = await photo(holder, one.id, b"shared", (root, other))
    grandchild = await photo(holder, two.id, b"deep", (shared,))
    request = await service.erase(root.id, owner=one.id)
    assert request.counts == {"photo": 1, "crop": 2}
    for gone in (root, shared, grandchild):
        with pytest.raises(Gone):
            await service.artifact(gone.id)
    async with holder.plaintext(other.id, Purpose.TRAINING) as buffer:
        assert bytes(buffer) == b"a face"
    assert (await service.subject(one.id)).status is SubjectStatus.ACTIVE


async def test_no_key_is_left_in_any_row(service: GovernanceService, holder: Holder) -> None:
    owner = await sign_up(service)
    made = await photo(holder, owner.id)
    await service.erase(owner.id)
    async with service.parts.database.transaction() as conn:
        cursor = await conn.execute(
            """
            SELECT (SELECT sealed_key FROM artifacts WHERE id = %s), (SELECT sealed_key FROM subjects WHERE id = %s)
            """,
            [made.id.uuid, owner.id.uuid],
        )
        assert await cursor.fetchone() == (None, None)


async def test_asked_again_it_is_the_same_request_and_others_cannot_ask(
    service: GovernanceService, holder: Holder
) -> None:
    one, two = await sign_up(service), await sign_up(service)
    made = await photo(holder, one.id)
    with pytest.raises(NotFound):
        await service.erase(made.id, owner=two.id)
    with pytest.raises(NotFound):
        await service.erase(one.id, owner=two.id)
    first = await service.erase(made.id, owner=one.id)
    assert (await service.erase(made.id, owner=one.id)).id == first.id
    with pytest.raises(NotFound):
        await service.request(first.id, two.id)
    with pytest.raises(NotFound):
        await service.erase(SubjectId.new())
    with pytest.raises(NotFound):
        await service.erase(ArtifactId.new())


async def test_runs_and_jobs_in_flight_end(service: GovernanceService, holder: Holder) -> None:
    owner = await sign_up(service)
    made = await photo(holder, owner.id)
    await service.enqueue_job(NewJob(owner.id, (made.id,), "fast"))
    (claimed,) = await service.claim_jobs("worker", 1)
    run = await service.start_run(NewRun(Purpose.TRAINING, (owner.id,), (made.id,)))
    queued = await service.enqueue_job(NewJob(owner.id, (made.id,), "fast"))
    await service.erase(made.id)
    assert await service.report_job(claimed.job.id, claimed.attempt, JobReport(0.5)) is JobSignal.STOP
    assert (await service.job(queued.id)).state is JobState.CANCELED
    with pytest.raises(Conflict):
        await service.finish_job(claimed.job.id, claimed.attempt, JobOutcome(JobState.FAILED, code="late"))
    with pytest.raises(Fenced):
        await service.register(NewArtifact(Kind.ADAPTER, (owner.id,), Purpose.TRAINING, run=run.id), holder.id)
    assert (await service.finish_run(run.id, RunState.SUCCEEDED)).state is RunState.CANCELED


async def test_derivations_racing_with_an_erasure_leave_nothing_live(
    service: GovernanceService, holder: Holder
) -> None:
    """Whatever the interleaving: either a child was there in time and went too, or it was refused."""
    for _ in range(5):
        owner = await sign_up(service)
        root = await photo(holder, owner.id)
        made: list[Artifact] = [root]

        async def derive(made: list[Artifact] = made, owner: SubjectId = owner.id) -> None:
            while True:
                try:
                    new = NewArtifact(Kind.CROP, (owner,), Purpose.TRAINING, (made[-1].id,))
                    ticket = await service.register(new, holder.id)
                    made.append(await service.commit(ticket.artifact.id, Receipt(1, b"h" * 32, "v")))
                except GovernanceError:
                    return

        racing = [asyncio.create_task(derive()) for _ in range(4)]

        async def grown(made: list[Artifact] = made) -> bool:
            return len(made) >= 8

        await eventually(grown, every_s=0)
        await service.erase(root.id)
        await asyncio.gather(*racing)
        for one in made:
            with pytest.raises(Gone):
                await service.artifact(one.id)


async def test_an_erased_account_is_gone_for_good(service: GovernanceService, holder: Holder) -> None:
    owner = await sign_up(service)
    made = await photo(holder, owner.id)
    job = await service.enqueue_job(NewJob(owner.id, (made.id,), "fast"))
    request = await service.erase(owner.id, owner=owner.id)
    await completed(service, request.id)
    assert (await service.subject(owner.id)).status is SubjectStatus.ERASED
    with pytest.raises(Gone):
        await service.job(job.id, owner.id)
    with pytest.raises(Gone):
        await service.restrict(owner.id)
    assert (await service.erase(owner.id)).id == request.id


async def test_asked_for_together_each_gets_its_own_answer(service: GovernanceService, holder: Holder) -> None:
    owner, stranger = (await sign_up(service)).id, (await sign_up(service)).id
    made = [await photo(holder, owner) for _ in range(3)]
    asked = [service.erase(made[0].id), service.erase(made[1].id, owner=stranger), service.erase(made[0].id)]
    first, refused, again = await asyncio.gather(*asked, return_exceptions=True)
    assert isinstance(first, Request)
    assert isinstance(refused, NotFound)
    assert again == first
    assert [one.id for one in (await service.artifacts(owner)).items] == [made[2].id, made[1].id]
