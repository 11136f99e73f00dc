"""Governance in process: the interface of `api.py` over the parts of `bootstrap.py`, and nothing more."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Self

from governance.bootstrap import Extras, Parts, build
from governance.clock import utc_now
from governance.config import GovernanceSettings
from governance.erasure.steps import no_scan
from governance.events.service import EventsService
from governance.ledger import vitals
from governance.lineage.graph import Lineage
from governance.model import (
    Account,
    Artifact,
    ArtifactId,
    By,
    Certificate,
    ClaimedJob,
    Grant,
    Hold,
    HolderId,
    HolderKind,
    HolderLease,
    HoldId,
    Job,
    JobCandidate,
    JobForecast,
    JobId,
    JobOutcome,
    JobReport,
    JobSignal,
    Kind,
    NewAccount,
    NewArtifact,
    NewHold,
    NewJob,
    NewRun,
    NewToken,
    OrderId,
    Page,
    Purpose,
    Receipt,
    Remembered,
    Renewal,
    Request,
    RequestId,
    Run,
    RunId,
    RunState,
    Subject,
    SubjectId,
    Target,
    Ticket,
    Token,
)
from governance.money.model import Entry, NewOrder, Order, Payment, Wallet
from governance.people.service import PeopleService
from governance.policy import shipped
from governance.rights.service import RightsService
from governance.statistics.model import UsageDay
from governance.support.service import SupportService
from governance.vitals import Vitals


class GovernanceService(RightsService, PeopleService, EventsService, SupportService):
    """Implements `api.Governance`; see there. `parts` is for tests and tools of this house."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.rights = parts.rights
        self.people = parts.people
        self.events = parts.events
        self.support = parts.support

    @classmethod
    async def open(cls, settings: GovernanceSettings, extras: Extras | None = None) -> Self:
        """Migrate, open keys and bucket, start the background work."""
        parts = await build(settings, extras or Extras(shipped(), utc_now, no_scan))
        service = cls(parts)
        parts.background.start(parts.chores(settings.erasure.poll_s))
        return service

    async def close(self) -> None:
        """Let running commits end, stop the background, zero the keys."""
        await self.parts.background.stop()
        for part in (self.parts.gate, self.parts.accounts, self.parts.erasure):
            await part.close()
        await self.parts.leases.close()
        await self.parts.database.close()
        self.parts.keys.close()

    async def create_account(self, new: NewAccount) -> Subject:
        return await self.parts.accounts.create_account(new)

    async def create_subject(self, region: str) -> Subject:
        return await self.parts.accounts.create_subject(region)

    async def account_by_email(self, email_hash: bytes) -> Account | None:
        return await self.parts.accounts.account_by_email(email_hash)

    async def issue_token(self, new: NewToken) -> Token:
        return await self.parts.accounts.issue_token(new)

    async def token(self, token_hash: bytes) -> Token | None:
        return await self.parts.accounts.token(token_hash)

    async def revoke_token(self, token_hash: bytes) -> None:
        await self.parts.accounts.revoke_token(token_hash)

    async def subject(self, id: SubjectId) -> Subject:
        return await self.parts.accounts.subject(id)

    async def restrict(self, id: SubjectId) -> Subject:
        return await self.parts.accounts.restrict(id)

    async def lift(self, id: SubjectId) -> Subject:
        return await self.parts.accounts.lift(id)

    async def register(self, new: NewArtifact, holder: HolderId) -> Ticket:
        return await self.parts.gate.register(new, holder)

    async def commit(self, id: ArtifactId, receipt: Receipt) -> Artifact:
        return await self.parts.gate.commit(id, receipt)

    async def abandon(self, id: ArtifactId) -> None:
        await self.parts.expiry.abandon(id)

    async def grant(self, id: ArtifactId, purpose: Purpose, holder: HolderId) -> Grant:
        return await self.parts.gate.grant(id, purpose, holder)

    async def artifact(self, id: ArtifactId, owner: SubjectId | None = None) -> Artifact:
        return await self.parts.gate.artifact(id, owner)

    async def artifacts(
        self, owner: SubjectId, kind: Kind | None = None, after: str | None = None, limit: int = 50
    ) -> Page[Artifact]:
        return await self.parts.gate.artifacts(owner, kind, after, limit)

    async def lineage(self, id: ArtifactId, owner: SubjectId | None = None) -> Lineage:
        await self.parts.gate.artifact(id, owner)
        found = await self.parts.lineage.around(id)
        return found if owner is None else found.seen_by(owner)

    async def start_run(self, new: NewRun) -> Run:
        return await self.parts.runs.start(new)

    async def finish_run(self, id: RunId, outcome: RunState) -> Run:
        return await self.parts.runs.finish(id, outcome)

    async def open_holder(self, kind: HolderKind, region: str, public_key: bytes) -> HolderLease:
        return await self.parts.leases.open_holder(kind, region, public_key)

    async def renew(self, holder: HolderId, held: Collection[ArtifactId] | None = None) -> Renewal:
        return await self.parts.leases.renew(holder, held)

    async def dropped(self, holder: HolderId, ids: Sequence[ArtifactId]) -> None:
        await self.parts.leases.dropped(holder, ids)

    async def close_holder(self, holder: HolderId) -> None:
        await self.parts.leases.close_holder(holder)

    async def erase(self, target: Target, by: By = By.SUBJECT, owner: SubjectId | None = None) -> Request:
        return await self.parts.erasure.erase(target, by, owner)

    async def request(self, id: RequestId, owner: SubjectId | None = None) -> Request:
        return await self.parts.erasure.request(id, owner)

    async def certificate(self, id: RequestId, owner: SubjectId | None = None) -> Certificate | None:
        return await self.parts.erasure.certificate(id, owner)

    async def place_hold(self, new: NewHold) -> Hold:
        return await self.parts.erasure.place_hold(new)

    async def release_hold(self, id: HoldId) -> None:
        await self.parts.erasure.release_hold(id)

    async def enqueue_job(self, new: NewJob) -> Job:
        return await self.parts.jobs.enqueue(new)

    async def job(self, id: JobId, owner: SubjectId | None = None) -> Job:
        return await self.parts.jobs.job(id, owner)

    async def jobs(self, owner: SubjectId, after: str | None = None, limit: int = 50) -> Page[Job]:
        return await self.parts.jobs.jobs(owner, after, limit)

    async def cancel_job(self, id: JobId, owner: SubjectId | None = None) -> Job:
        return await self.parts.jobs.cancel(id, owner)

    async def job_candidates(self, limit: int = 200) -> Sequence[JobCandidate]:
        return await self.parts.jobs.candidates(limit)

    async def claim_jobs(
        self,
        worker: str,
        capacity: int,
        region: str | None = None,
        ids: Sequence[JobId] | None = None,
        quota: int | None = None,
    ) -> Sequence[ClaimedJob]:
        return await self.parts.jobs.claim(worker, capacity, region, ids, quota)

    async def forecast_jobs(self, forecasts: Mapping[JobId, JobForecast]) -> None:
        await self.parts.jobs.forecast(forecasts)

    async def report_job(self, id: JobId, attempt: int, report: JobReport) -> JobSignal:
        return await self.parts.jobs.report(id, attempt, report)

    async def finish_job(self, id: JobId, attempt: int, outcome: JobOutcome) -> Job:
        return await self.parts.jobs.finish(id, attempt, outcome)

    async def remember(self, owner: SubjectId, key: str, fingerprint: bytes, response_ref: str) -> Remembered:
        return await self.parts.idempotency.remember(owner, key, fingerprint, response_ref)

    async def recall(self, owner: SubjectId, key: str) -> Remembered | None:
        return await self.parts.idempotency.recall(owner, key)

    async def wallet(self, owner: SubjectId) -> Wallet:
        return await self.parts.money.wallet(owner)

    async def entries(self, owner: SubjectId, after: str | None = None, limit: int = 50) -> Page[Entry]:
        return await self.parts.money.entries(owner, after, limit)

    async def place_order(self, new: NewOrder) -> Order:
        return await self.parts.money.place_order(new)

    async def attach_payment(self, id: OrderId, payment: str) -> Order:
        return await self.parts.money.attach_payment(id, payment)

    async def order(self, id: OrderId, owner: SubjectId | None = None) -> Order:
        return await self.parts.money.order(id, owner)

    async def orders(self, owner: SubjectId, after: str | None = None, limit: int = 50) -> Page[Order]:
        return await self.parts.money.orders(owner, after, limit)

    async def order_of_payment(self, payment: str) -> Order | None:
        return await self.parts.money.order_of_payment(payment)

    async def customer(self, owner: SubjectId) -> str | None:
        return await self.parts.money.customer(owner)

    async def set_customer(self, owner: SubjectId, customer: str) -> str:
        return await self.parts.money.set_customer(owner, customer)

    async def settle_order(self, id: OrderId, payment: Payment, event: str | None = None) -> Order:
        return await self.parts.money.settle_order(id, payment, event)

    async def is_event_known(self, event: str) -> bool:
        return await self.parts.money.is_event_known(event)

    async def note_event(self, event: str) -> None:
        await self.parts.money.note_event(event)

    async def usage(self, first: date, last: date) -> Sequence[UsageDay]:
        return await self.parts.statistics.usage(first, last)

    async def vitals(self) -> Vitals:
        async with self.parts.database.transaction() as conn:
            return await vitals.read(conn, utc_now())
