"""The steps after the fence. Each may be repeated from its start at any time, and says whether it is finished."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from governance.audit.certificate import ProcessorAnswer, ResidueResult
from governance.audit.leaf import Leaf, LeafEvent
from governance.backup.journal import Journal, JournalEntry
from governance.blobs.store import BlobStore
from governance.clock import Clock
from governance.errors import GovernanceError, Unavailable
from governance.failpoints import FailPoint, reach
from governance.ledger import erasing, holders, processors, requests
from governance.ledger.database import Connection, Database
from governance.ledger.leaves import record
from governance.ledger.processors import Told
from governance.model import ArtifactId, Request, RequestState, SubjectId
from governance.money.money import Money
from governance.processors.processor import Processor

Scan = Callable[[Request], Awaitable[ResidueResult | None]]
"""An independent look for what is left; None where none is set up."""

_FINAL = {
    ProcessorAnswer.ERASED,
    ProcessorAnswer.NOTHING_HELD,
    ProcessorAnswer.RETAINED_BY_LAW,
    ProcessorAnswer.REFUSED,
}


async def no_scan(_: Request) -> ResidueResult | None:
    """The service itself: it keeps nothing that it could look for, and the certificate says so."""
    return None


@dataclass(frozen=True, slots=True)
class Tools:
    """What the steps work with."""

    database: Database
    store: BlobStore
    clock: Clock
    processors: Sequence[Processor]
    scan: Scan
    journal: Journal
    money: Money


async def drop(tools: Tools, request: Request) -> bool:
    """It stands in the journal; holders have dropped and acknowledged, or their leases have ended (I6)."""
    await write_down(tools, request)
    async with tools.database.transaction() as conn:
        now = tools.clock()
        expired = await holders.delete_expired(conn, now)
        await record(conn, [Leaf(event=LeafEvent.HOLDER_EXPIRED, at=now, holder=one) for one in expired])
        if await erasing.held_by_someone(conn, request.id):
            return False
        reach(FailPoint.HOLDERS_CLEARED)
        return await _advance(tools, conn, request, RequestState.DROPPED, LeafEvent.ERASURE_HOLDERS_CLEARED)


async def delete(tools: Tools, request: Request) -> bool:
    """Every version, marker and unfinished upload of its bytes is gone."""
    removed = await _erase_bytes(tools, request)
    reach(FailPoint.BYTES_DELETED)
    async with tools.database.transaction() as conn:
        counts = {"versions": removed}
        return await _advance(tools, conn, request, RequestState.DELETED, LeafEvent.ERASURE_BYTES_REMOVED, counts)


async def scrub(tools: Tools, request: Request) -> bool:
    """Rows become tombstones."""
    async with tools.database.transaction() as conn:
        now = tools.clock()
        erased = await erasing.scrub_artifacts(conn, request.id, now)
        leaves = [Leaf(event=LeafEvent.ARTIFACT_ERASED, at=now, artifact=ArtifactId(id)) for id in erased]
        if isinstance(request.target, SubjectId):
            await erasing.scrub_subject(conn, request.target, now)
            leaves.append(Leaf(event=LeafEvent.SUBJECT_ERASED, at=now, subject=request.target))
        await record(conn, leaves)
        reach(FailPoint.ROWS_SCRUBBED)
        return await _advance(tools, conn, request, RequestState.SCRUBBED, LeafEvent.ERASURE_ROWS_SCRUBBED)


async def notify(tools: Tools, request: Request) -> bool:
    """Every processor was told and has answered for good; only an account's erasure concerns them all."""
    pending = False
    if isinstance(request.target, SubjectId):
        for processor in tools.processors:
            pending |= await _tell(tools, request, request.target, processor)
            reach(FailPoint.PROCESSOR_TOLD)
    if pending:
        return False
    async with tools.database.transaction() as conn:
        if isinstance(request.target, SubjectId):
            await processors.forget_transfers(conn, request.target)
            await tools.money.pseudonymise(conn, request.target, tools.clock())
        return await _advance(tools, conn, request, RequestState.NOTIFIED, LeafEvent.ERASURE_PROCESSORS_TOLD)


async def scan(tools: Tools, request: Request) -> bool:
    """Look for what is left. Bytes of a writer that was cut off may have arrived late: they go now."""
    await _erase_bytes(tools, request)
    result = await tools.scan(request)
    reach(FailPoint.SCAN_DONE)
    async with tools.database.transaction() as conn:
        if result is not None:
            await requests.set_residue(conn, request.id, result.model_dump(mode="json"))
        counts = result.counts() if result else {}
        return await _advance(tools, conn, request, RequestState.SCANNED, LeafEvent.ERASURE_SCANNED, counts)


async def write_down(tools: Tools, request: Request) -> None:
    """Into the journal, from where a restore repeats it (I8). Once is enough; a crash in between writes it twice."""
    entry = await _entry(tools, request)
    if entry is None:
        return
    await tools.journal.append(entry)
    async with tools.database.transaction() as conn:
        await requests.set_journaled(conn, request.id, tools.clock())


async def _entry(tools: Tools, request: Request) -> JournalEntry | None:
    """None when it stands there already."""
    async with tools.database.transaction() as conn:
        if await requests.is_journaled(conn, request.id):
            return None
        taken = await requests.artifacts(conn, request.id)
        by = await requests.asked_by(conn, request.id)
    target = request.target
    return JournalEntry(
        request=request.id,
        kind=request.kind,
        by=by,
        owner=request.owner,
        subject=target if isinstance(target, SubjectId) else None,
        artifact=target if isinstance(target, ArtifactId) else None,
        artifacts=tuple(taken),
        at=request.created_at,
    )


async def _erase_bytes(tools: Tools, request: Request) -> int:
    async with tools.database.transaction() as conn:
        keys = await erasing.locations(conn, request.id)
    if not keys:
        return 0
    removed = await tools.store.erase(keys)
    if left := await tools.store.left(keys):
        raise Unavailable(f"the object store still lists {len(left)} keys that it was told to delete")
    return removed


async def _tell(tools: Tools, request: Request, subject: SubjectId, processor: Processor) -> bool:
    """Whether it has yet to answer."""
    name = processor.registration.name
    async with tools.database.transaction() as conn:
        before = {one.processor: one for one in await processors.told(conn, request.id)}.get(name)
    if before is not None and before.answer in _FINAL:
        return False
    told_at = before.told_at if before else tools.clock()
    try:
        answer = await processor.erase(subject, request.id)
    except GovernanceError:
        answer = ProcessorAnswer.UNREACHABLE
    final = answer in _FINAL
    async with tools.database.transaction() as conn:
        told = Told(name, answer, told_at, tools.clock() if final else None)
        await processors.save_answer(conn, request.id, told)
        event = LeafEvent.PROCESSOR_ANSWERED if final else LeafEvent.PROCESSOR_TOLD
        words = {"answer": answer}
        await record(conn, [Leaf(event=event, at=tools.clock(), request=request.id, processor=name, words=words)])
    return not final


async def _advance(
    tools: Tools,
    conn: Connection,
    request: Request,
    to: RequestState,
    event: LeafEvent,
    counts: Mapping[str, int] | None = None,
) -> bool:
    if not await requests.advance(conn, request.id, request.state, to):
        return False
    leaf = Leaf(event=event, at=tools.clock(), request=request.id, subject=request.owner, counts=counts or {})
    await requests.add_leaves(conn, request.id, list(await record(conn, [leaf])))
    return True
