"""The last step: the log entry that ends the erasure, and the signed certificate over all of its entries (I9)."""

from collections.abc import Sequence
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
from governance.audit.issue import Entry, issue_certificate
from governance.audit.keys import SigningKey
from governance.audit.leaf import Leaf, LeafEvent
from governance.erasure.steps import Tools
from governance.failpoints import FailPoint, reach
from governance.ledger import processors, requests
from governance.ledger.database import Connection
from governance.ledger.leaves import LedgerLeafStore, record
from governance.ledger.processors import Told
from governance.ledger.requests import Evidence
from governance.model import By, Request, SubjectId


async def certify(tools: Tools, request: Request, by: By, key: SigningKey, epoch: timedelta) -> bool:
    """Sign and complete in one transaction."""
    async with tools.database.transaction() as conn:
        now = tools.clock()
        evidence = await requests.evidence(conn, request.id)
        facts = _facts(request, by, evidence, await processors.told(conn, request.id), now + epoch)
        leaf = Leaf(
            event=LeafEvent.ERASURE_COMPLETED,
            at=now,
            request=request.id,
            subject=request.owner,
            counts=completion_counts(facts.erased, facts.held),
        )
        places = [*evidence.leaves, *await record(conn, [leaf])]
        await requests.add_leaves(conn, request.id, places[-1:])
        store = LedgerLeafStore(conn)
        certificate = await issue_certificate(facts, await _entries(conn, places), store, key, now)
        reach(FailPoint.CERTIFICATE_SIGNED)
        completed = await requests.complete(conn, request.id, certificate.to_bytes().decode(), now)
    reach(FailPoint.CERTIFICATE_COMMITTED)
    return completed


async def _entries(conn: Connection, places: Sequence[int]) -> Sequence[Entry]:
    store = LedgerLeafStore(conn)
    return [Entry(place, (await store.leaf(place))) for place in sorted(places)]


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
