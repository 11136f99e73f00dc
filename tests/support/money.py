"""Work that costs credits, done as the ingress, the generator and the pool do it."""

from psycopg.rows import TupleRow

from governance.holder import Holder
from governance.ids import JobId, RunId, SubjectId
from governance.model import (
    Artifact,
    Charge,
    ClaimedJob,
    Job,
    JobOutcome,
    JobState,
    Kind,
    NewArtifact,
    NewJob,
    NewRun,
    Purpose,
    Run,
)
from governance.money.model import NewOrder, Order, Payment
from governance.service import GovernanceService


async def queue(service: GovernanceService, owner: SubjectId, photo: Artifact, credits: int) -> Job:
    return await service.enqueue_job(NewJob(owner, (photo.id,), "fast", charge=Charge(credits)))


async def claim(service: GovernanceService, job: JobId) -> ClaimedJob:
    (claimed,) = await service.claim_jobs("worker", 1, ids=[job])
    return claimed


async def succeed(service: GovernanceService, holder: Holder, claimed: ClaimedJob) -> Artifact:
    """The job ends with an adapter."""
    job = claimed.job
    adapter = await holder.write(NewArtifact(Kind.ADAPTER, (job.owner,), Purpose.TRAINING, job.inputs), b"weights")
    await service.finish_job(job.id, claimed.attempt, JobOutcome(JobState.SUCCEEDED, adapter.id))
    return adapter


async def start_pictures(service: GovernanceService, owner: SubjectId, each: int, count: int) -> Run:
    return await service.start_run(NewRun(Purpose.GENERATION, (owner,), charge=Charge(each, count)))


async def make_picture(holder: Holder, owner: SubjectId, run: RunId) -> Artifact:
    return await holder.write(NewArtifact(Kind.IMAGE, (owner,), Purpose.GENERATION, (), run), b"a picture")


async def buy(service: GovernanceService, owner: SubjectId, credits: int, amount: int = 5000) -> Order:
    """A pack that was paid for."""
    order = await service.place_order(NewOrder(owner, "pack", credits, amount, "dkk"))
    return await service.settle_order(order.id, Payment(amount, 0, False, "dkk"))


async def books(service: GovernanceService) -> dict[str, int]:
    """The sum of every book over all wallets, by `book:unit`."""
    rows = await _all(service, "SELECT book || ':' || unit, sum(amount) FROM money_postings GROUP BY 1")
    return {row[0]: int(row[1]) for row in rows}


async def unbalanced(service: GovernanceService) -> list[TupleRow]:
    """What may never be: entries that do not add up, and wallets that differ from their journal."""
    entries = await _all(
        service, "SELECT entry, unit, sum(amount) FROM money_postings GROUP BY 1, 2 HAVING sum(amount) <> 0"
    )
    wallets = await _all(
        service,
        """
        SELECT w.id, w.available, w.held FROM money_wallets w WHERE
            w.available <> (SELECT coalesce(sum(amount), 0) FROM money_postings p JOIN money_entries e ON e.id = p.entry
                            WHERE e.wallet = w.id AND p.book = 'available')
            OR w.held <> (SELECT coalesce(sum(amount), 0) FROM money_postings p JOIN money_entries e ON e.id = p.entry
                          WHERE e.wallet = w.id AND p.book = 'held')
            OR w.held <> (SELECT coalesce(sum(each * count), 0) FROM money_holds h
                          WHERE h.wallet = w.id AND settled_at IS NULL)
        """,
    )
    return [*entries, *wallets]


async def _all(service: GovernanceService, query: str) -> list[TupleRow]:
    async with service.parts.database.transaction() as conn:
        return await (await conn.execute(query)).fetchall()  # type: ignore[arg-type]
