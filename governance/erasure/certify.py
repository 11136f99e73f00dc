"""The last step: the log entry that ends the erasure, and the signed certificate over all of its entries (I9).

Killed between the two, it is done again from its start: the log then has the entry twice, and the last one counts."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from governance.audit.certificate import (
    ErasureFacts,
    Held,
    OutOfScope,
    ProcessorNotice,
    ResidueResult,
    Scope,
    Unreached,
    completion_counts,
)
from governance.audit.issue import Entry, Issuer
from governance.audit.keys import SigningKey
from governance.audit.leaf import Leaf, LeafEvent
from governance.erasure.steps import Tools
from governance.failpoints import FailPoint, reach
from governance.ledger import processors, requests
from governance.ledger.database import Connection, together
from governance.ledger.leaves import LedgerLeafStore, record
from governance.ledger.processors import Told
from governance.ledger.requests import Evidence
from governance.model import By, Request, RequestId, RequestState, SubjectId


async def certify(
    tools: Tools, batch: Sequence[Request], asked_by: Mapping[RequestId, By], key: SigningKey, epoch: timedelta
) -> Sequence[Request]:
    """Record the end, then sign over one checkpoint and complete; gives those that were completed.

    Two transactions: everybody who writes into the log waits for the first one, and signing takes its time."""
    ids = [one.id for one in batch]
    async with tools.database.transaction(pipelined=True) as conn:
        now = tools.clock()
        known, told = await together(requests.evidence(conn, ids), processors.told_of_each(conn, ids))
        facts = {o.id: _facts(o, asked_by[o.id], known[o.id], told.get(o.id, ()), now + epoch) for o in batch}
        await record(conn, [_completed(one, facts[one.id], now) for one in batch])
        await requests.add_leaves(conn, {id: [place] for place, id in enumerate(ids)}, of=len(ids))
    async with tools.database.transaction(pipelined=True) as conn:
        places = {id: one.leaves for id, one in (await requests.evidence(conn, ids)).items()}
        certificates = await _issue(conn, facts, places, key, now)
        reach(FailPoint.CERTIFICATE_SIGNED)
        completed = await requests.complete(conn, certificates, now)
    reach(FailPoint.CERTIFICATE_COMMITTED)
    return [replace(one, state=RequestState.COMPLETED, completed_at=now) for one in batch if one.id in completed]


def _completed(request: Request, facts: ErasureFacts, now: datetime) -> Leaf:
    counts = completion_counts(facts.erased, facts.held)
    event = LeafEvent.ERASURE_COMPLETED
    return Leaf(event=event, at=now, request=request.id, subject=request.owner, counts=counts)


async def _issue(
    conn: Connection,
    facts: Mapping[RequestId, ErasureFacts],
    places: Mapping[RequestId, Sequence[int]],
    key: SigningKey,
    now: datetime,
) -> Mapping[RequestId, str]:
    """The certificates' texts; `places` are where each one's entries are in the log."""
    store = LedgerLeafStore(conn)
    leaves = await store.at(place for some in places.values() for place in some)
    issuer = await Issuer.open(store, key, now)
    texts = {}
    for id, stated in facts.items():
        made = await issuer.certificate(stated, [Entry(place, leaves[place]) for place in sorted(places[id])])
        texts[id] = made.to_bytes().decode()
    return texts


def _facts(request: Request, by: By, evidence: Evidence, told: Sequence[Told], sealed_until: datetime) -> ErasureFacts:
    target = request.target
    return ErasureFacts(
        subject=request.owner,
        request=request.id,
        scope=Scope.ACCOUNT if isinstance(target, SubjectId) else Scope.ARTIFACT,
        by=by,
        target=target,
        erased=dict(request.counts),
        held=tuple(_held(one) for one in evidence.holds),
        out_of_scope=_out_of_scope(evidence, sealed_until),
        processors=tuple(_notice(one) for one in told),
        residue=ResidueResult.model_validate(evidence.residue) if evidence.residue is not None else None,
    )


def _out_of_scope(evidence: Evidence, sealed_until: datetime) -> tuple[Unreached, ...]:
    always = (
        Unreached(what=OutOfScope.SEALED_BYTES_IN_BACKUPS, until=sealed_until),
        Unreached(what=OutOfScope.FREED_DISK_BLOCKS),
        Unreached(what=OutOfScope.DELIVERED_TO_THE_PERSON),
    )
    return always if evidence.residue is not None else (*always, Unreached(what=OutOfScope.RESIDUE_SCAN))


def _held(one: Any) -> Held:
    return Held(kind=one["kind"], count=one["count"], basis=one["basis"], until=datetime.fromisoformat(one["until"]))


def _notice(one: Told) -> ProcessorNotice:
    return ProcessorNotice(processor=one.processor, told_at=one.told_at, answered_at=one.answered_at, answer=one.answer)
