"""The steps after the fence, each of requests in the same state together: they share its statements and its commit.
A step may be repeated from its start at any time, and gives the requests with which it is finished."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from governance.audit.certificate import ProcessorAnswer, ResidueResult
from governance.audit.leaf import Leaf, LeafEvent
from governance.backup.journal import Journal, JournalEntry
from governance.blobs.store import BlobStore
from governance.clock import Clock
from governance.errors import GovernanceError, Unavailable
from governance.failpoints import FailPoint, reach
from governance.ledger import erasing, holders, processors, requests
from governance.ledger.database import Connection, Database, together
from governance.ledger.leaves import record
from governance.ledger.processors import Told
from governance.model import ArtifactId, By, Request, RequestId, RequestState, SubjectId
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


async def drop(tools: Tools, batch: Sequence[Request]) -> Sequence[Request]:
    """They stand in the journal; holders have dropped and acknowledged, or their leases have ended (I6)."""
    await write_down(tools, batch)
    async with tools.database.transaction(pipelined=True) as conn:
        now = tools.clock()
        await requests.set_journaled(conn, [one.id for one in batch], now)
        expired, held = await together(
            holders.delete_expired(conn, now), erasing.held_by_someone(conn, [one.id for one in batch])
        )
        ended = [Leaf(event=LeafEvent.HOLDER_EXPIRED, at=now, holder=one) for one in expired]
        free = [one for one in batch if one.id not in held]
        if free:
            reach(FailPoint.HOLDERS_CLEARED)
        return await _advance(tools, conn, free, RequestState.DROPPED, LeafEvent.ERASURE_HOLDERS_CLEARED, also=ended)


async def delete(tools: Tools, batch: Sequence[Request]) -> Sequence[Request]:
    """Every version, marker and unfinished upload of their bytes is gone."""
    removed = await _erase_bytes(tools, batch)
    reach(FailPoint.BYTES_DELETED)
    async with tools.database.transaction(pipelined=True) as conn:
        counts = {id: {"versions": count} for id, count in removed.items()}
        return await _advance(tools, conn, batch, RequestState.DELETED, LeafEvent.ERASURE_BYTES_REMOVED, counts)


async def scrub(tools: Tools, batch: Sequence[Request]) -> Sequence[Request]:
    """Rows become tombstones."""
    async with tools.database.transaction(pipelined=True) as conn:
        now = tools.clock()
        erased = await erasing.scrub_artifacts(conn, [one.id for one in batch], now)
        leaves = [Leaf(event=LeafEvent.ARTIFACT_ERASED, at=now, artifact=id) for id in erased]
        for person in _people(batch):
            await erasing.scrub_subject(conn, person, now)
            leaves.append(Leaf(event=LeafEvent.SUBJECT_ERASED, at=now, subject=person))
        reach(FailPoint.ROWS_SCRUBBED)
        return await _advance(tools, conn, batch, RequestState.SCRUBBED, LeafEvent.ERASURE_ROWS_SCRUBBED, also=leaves)


async def notify(tools: Tools, batch: Sequence[Request]) -> Sequence[Request]:
    """Every processor was told and has answered for good; only an account's erasure concerns them all."""
    finished = await asyncio.gather(*(_tell_everybody(tools, one) for one in batch))
    answered = [one for one, all_answered in zip(batch, finished, strict=True) if all_answered]
    people = _people(answered)
    async with tools.database.transaction(pipelined=not people) as conn:
        for person in people:
            await processors.forget_transfers(conn, person)
            await tools.money.pseudonymise(conn, person, tools.clock())
        return await _advance(tools, conn, answered, RequestState.NOTIFIED, LeafEvent.ERASURE_PROCESSORS_TOLD)


async def scan(tools: Tools, batch: Sequence[Request]) -> Sequence[Request]:
    """Look for what is left. Bytes of a writer that was cut off may have arrived late: they go now."""
    await _erase_bytes(tools, batch)
    found = await asyncio.gather(*(tools.scan(one) for one in batch))
    results = {one.id: result for one, result in zip(batch, found, strict=True) if result is not None}
    reach(FailPoint.SCAN_DONE)
    async with tools.database.transaction(pipelined=True) as conn:
        for id, result in results.items():
            await requests.set_residue(conn, id, result.model_dump(mode="json"))
        counts = {id: result.counts() for id, result in results.items()}
        return await _advance(tools, conn, batch, RequestState.SCANNED, LeafEvent.ERASURE_SCANNED, counts)


async def write_down(tools: Tools, batch: Sequence[Request]) -> None:
    """Into the journal, from where a restore repeats it (I8). Once is enough; a crash before the ledger has noted it
    (`drop` does) writes it twice. No transaction is open meanwhile: the object store may take its time."""
    new = [one.id for one in batch if not tools.journal.has_lately(one.id)]
    if not new:
        return
    async with tools.database.transaction() as conn:
        missing = await requests.unjournaled(conn, new)
    if missing:
        await tools.journal.append([_entry(taken.request, taken.by, artifacts) for taken, artifacts in missing])


def _entry(request: Request, by: By, artifacts: Sequence[ArtifactId]) -> JournalEntry:
    target = request.target
    return JournalEntry(
        request=request.id,
        kind=request.kind,
        by=by,
        owner=request.owner,
        subject=target if isinstance(target, SubjectId) else None,
        artifact=target if isinstance(target, ArtifactId) else None,
        artifacts=tuple(artifacts),
        at=request.created_at,
    )


def _people(batch: Sequence[Request]) -> Sequence[SubjectId]:
    return [one.target for one in batch if isinstance(one.target, SubjectId)]


async def _erase_bytes(tools: Tools, batch: Sequence[Request]) -> Mapping[RequestId, int]:
    """How many versions of each request's artifacts there were."""
    async with tools.database.transaction() as conn:
        keys = await erasing.locations(conn, [one.id for one in batch])
    removed = await asyncio.gather(*(_erase_keys(tools, some) for some in keys.values()))
    return {**{one.id: 0 for one in batch}, **dict(zip(keys, removed, strict=True))}


async def _erase_keys(tools: Tools, keys: Sequence[str]) -> int:
    removed = await tools.store.erase(keys)
    if left := await tools.store.left(keys):
        raise Unavailable(f"the object store still lists {len(left)} keys that it was told to delete")
    return removed


async def _tell_everybody(tools: Tools, request: Request) -> bool:
    """Whether all have answered for good."""
    pending = False
    if isinstance(request.target, SubjectId):
        for processor in tools.processors:
            pending |= await _tell(tools, request, request.target, processor)
            reach(FailPoint.PROCESSOR_TOLD)
    return not pending


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
    batch: Sequence[Request],
    to: RequestState,
    event: LeafEvent,
    counts: Mapping[RequestId, Mapping[str, int]] | None = None,
    also: Sequence[Leaf] = (),
) -> Sequence[Request]:
    """Those that moved, as they are now; with the others another process was quicker. Into the log comes what is told
    `also`, and each one's step."""
    moved = await requests.advance(conn, [one.id for one in batch], batch[0].state, to) if batch else set()
    now, went = tools.clock(), [replace(one, state=to) for one in batch if one.id in moved]
    told = counts or {}
    steps = [Leaf(event=event, at=now, request=o.id, subject=o.owner, counts=told.get(o.id, {})) for o in went]
    await record(conn, [*also, *steps])
    if went:
        places = {one.id: [place] for place, one in enumerate(went, len(also))}
        await requests.add_leaves(conn, places, of=len(also) + len(steps))
    return went
