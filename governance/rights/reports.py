"""The register of processing (article 30) and the compliance report, generated from policy, ledger and audit log."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from governance.audit.leaf import LeafEvent
from governance.audit.log import Prover
from governance.clock import Clock
from governance.ledger import compliance, disclosures
from governance.ledger.database import Connection, Database
from governance.ledger.leaves import LedgerLeafStore
from governance.model import Kind
from governance.policy import Policy
from governance.rights.model import ComplianceReport, ProcessingEntry, ProcessingRegister

MEASURES = (
    "authenticated-encryption-per-artifact",
    "keys-wrapped-per-person",
    "plaintext-only-under-a-lease",
    "purpose-checked-at-every-read",
    "tamper-evident-audit-log",
    "cryptographic-erasure-with-certificates",
    "key-epochs-shorter-than-a-week",
    "sealed-backups-with-erasures-replayed",
)
"""Technical and organisational measures (article 32), each kept by a test of its own."""

_GRACE = timedelta(minutes=5)
"""The sweep of expired data may take so long before the report calls it a broken promise."""


class Reports:
    """Both are made anew at every call."""

    def __init__(self, database: Database, policy: Policy, clock: Clock) -> None:
        self._database, self._policy, self._clock = database, policy, clock

    async def register(self) -> ProcessingRegister:
        policy = self._policy
        async with self._database.transaction() as conn:
            recipients = await disclosures.recipients(conn)
        return ProcessingRegister(
            controller=policy.controller.name,
            contact=policy.controller.contact,
            address=policy.controller.address,
            policy_version=policy.version,
            effective=policy.effective,
            purposes=tuple(self._entries()),
            recipients=tuple(recipients),
            safeguards=policy.safeguards,
            measures=MEASURES,
        )

    def _entries(self) -> Iterator[ProcessingEntry]:
        for purpose, rule in self._policy.purposes.items():
            kinds = sorted(rule.makes | rule.reads)
            yield ProcessingEntry(purpose, rule.basis, tuple(sorted(rule.makes)), tuple(kinds), self._days(kinds))

    def _days(self, kinds: Sequence[Kind]) -> Mapping[str, int | None]:
        found = {kind: self._policy.retention[kind] for kind in kinds}
        return {str(kind): keep.days if keep else None for kind, keep in found.items()}

    async def compliance(self) -> ComplianceReport:
        now = self._clock()
        async with self._database.transaction() as conn:
            report = await self._counted(conn, now)
            return replace(report, findings=tuple([finding async for finding in _findings(conn, report, now)]))

    async def _counted(self, conn: Connection, now: datetime) -> ComplianceReport:
        store = LedgerLeafStore(conn)
        size = (await store.head()).size
        return ComplianceReport(
            made_at=now,
            policy_version=self._policy.version,
            people=await compliance.grouped(conn, "people"),
            artifacts=await compliance.two_levels(conn, "artifacts"),
            past_deadline=await compliance.past_deadline(conn, now - _GRACE),
            requests=await compliance.two_levels(conn, "requests"),
            answered_late=await compliance.answered_late(conn),
            open_overdue=await compliance.open_overdue(conn, now),
            erasures=await compliance.erasure_seconds(conn),
            runs=await compliance.grouped(conn, "runs"),
            holds=await compliance.grouped(conn, "holds"),
            disclosures=await compliance.grouped(conn, "disclosures"),
            transfers=await compliance.grouped(conn, "transfers"),
            breaches=await compliance.grouped(conn, "breaches"),
            takedowns=await compliance.grouped(conn, "takedowns"),
            log_size=size,
            log_root=(await Prover(store, size).root()).hex() if size else "",
            events=await compliance.grouped(conn, "events"),
            findings=(),
        )


async def _findings(conn: Connection, report: ComplianceReport, now: datetime) -> AsyncIterator[str]:
    """One stable word for each promise that the numbers show broken."""
    if report.past_deadline:
        yield "data-past-its-deadline"
    if report.answered_late:
        yield "requests-answered-late"
    if report.open_overdue:
        yield "requests-overdue"
    if await compliance.late_breaches(conn, now):
        yield "breaches-notified-late"
    if await compliance.runs_without_basis(conn):
        yield "runs-without-basis"
    if await compliance.changed_leaves(conn) or report.log_root != await _head(conn):
        yield "audit-log-tampered"
    if report.events.get(LeafEvent.ARTIFACT_ERASED, 0) < await compliance.erased_artifacts(conn):
        yield "erasures-not-in-the-log"


async def _head(conn: Connection) -> str:
    """The root that the log's head tells, to compare with the one that its hashes give."""
    head = await LedgerLeafStore(conn).head()
    return head.root.hex() if head.size else ""
