"""The interface of governance, the same in process (`service.py`) and through the actor (`client.py`).

Every call may raise `Unavailable` (retry after `retry_after_s`); every other error is listed at its call. Calls that
change something are idempotent where a retry could otherwise do harm: the client retries them with the same ids.
Only ids, hashes, enums, times and sealed bytes pass through here.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from governance.events.api import EventsApi
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
from governance.money.api import MoneyApi
from governance.people.api import PeopleApi
from governance.rights.api import RightsApi
from governance.statistics.api import StatisticsApi
from governance.support.api import SupportApi
from governance.vitals import Vitals


class AccountsApi(Protocol):
    """Accounts, tokens and the state of a person."""

    async def create_account(self, new: NewAccount) -> Subject:
        """A new subject with a key of its own; repeated with the same password hash, the same one. `Conflict` when the
        e-mail hash is taken."""

    async def create_subject(self, region: str) -> Subject:
        """A person without an account, for instance another one shown in a picture."""

    async def account_by_email(self, email_hash: bytes) -> Account | None: ...

    async def issue_token(self, new: NewToken) -> Token:
        """`NotFound` for an unknown subject, `Gone` for an erased one."""

    async def token(self, token_hash: bytes) -> Token | None:
        """The token, None when unknown, revoked or expired. See `Token` for subjects that are erased."""

    async def revoke_token(self, token_hash: bytes) -> None: ...

    async def subject(self, id: SubjectId) -> Subject: ...

    async def restrict(self, id: SubjectId) -> Subject:
        """Freeze: data stays, no processing and no expiry; holders drop what they hold for other purposes than
        showing it to the person. `Gone` when erased."""

    async def lift(self, id: SubjectId) -> Subject: ...


class GateApi(Protocol):
    """Register, write, commit, read."""

    async def register(self, new: NewArtifact, holder: HolderId) -> Ticket:
        """Before any byte is written (I1). `Fenced` when a subject, parent or the run is no longer live, `Frozen`,
        `Refused` when `purpose` does not allow the kind, `NotFound` for unknown ids, `LeaseLost`."""

    async def commit(self, id: ArtifactId, receipt: Receipt) -> Artifact:
        """The artifact is live now. `Fenced` when it or an ancestor was erased meanwhile (I3). Idempotent."""

    async def abandon(self, id: ArtifactId) -> None:
        """The write failed: the registered artifact is erased by the expiry road."""

    async def grant(self, id: ArtifactId, purpose: Purpose, holder: HolderId) -> Grant:
        """The sealed data key and a holding to answer for. `NotFound`, `Gone`, `Refused`, `Frozen`, `LeaseLost`."""

    async def artifact(self, id: ArtifactId, owner: SubjectId | None = None) -> Artifact:
        """With `owner` only that person's: `NotFound` for others', `Gone` when erased."""

    async def artifacts(
        self, owner: SubjectId, kind: Kind | None = None, after: str | None = None, limit: int = 50
    ) -> Page[Artifact]:
        """Live artifacts, newest first."""


class LineageApi(Protocol):
    """Where a picture comes from, and what came of a photo."""

    async def lineage(self, id: ArtifactId, owner: SubjectId | None = None) -> Lineage:
        """The graph around a live artifact; with `owner` what that person may see of it. `NotFound`, `Gone`."""


class RunsApi(Protocol):
    """Activities, each with a purpose and a legal basis (P2.5)."""

    async def start_run(self, new: NewRun) -> Run:
        """`Fenced`, `Frozen`, `Refused`, `NotFound` (I3)."""

    async def finish_run(self, id: RunId, outcome: RunState) -> Run:
        """Idempotent; the first outcome stays."""


class HoldersApi(Protocol):
    """Processes with plaintext in memory; users take `governance.holder.Holder` instead."""

    async def open_holder(self, kind: HolderKind, region: str, public_key: bytes) -> HolderLease:
        """`public_key`: X25519, 32 bytes."""

    async def renew(self, holder: HolderId, held: Collection[ArtifactId] | None = None) -> Renewal:
        """Heartbeat. `held`: all it holds now (what is missing counts as dropped); None leaves that alone.
        `LeaseLost` when the lease has ended."""

    async def dropped(self, holder: HolderId, ids: Sequence[ArtifactId]) -> None:
        """These were dropped and zeroed."""

    async def close_holder(self, holder: HolderId) -> None:
        """Everything was dropped and zeroed."""


class ErasureApi(Protocol):
    """Erasure, legal holds and their evidence."""

    async def erase(self, target: Target, by: By = By.SUBJECT, owner: SubjectId | None = None) -> Request:
        """When this returns, nothing of the target and what was derived from it can be read any more; the rest
        follows by itself. Asked again it answers with the same request. `NotFound` when `owner` does not own it."""

    async def request(self, id: RequestId, owner: SubjectId | None = None) -> Request: ...

    async def certificate(self, id: RequestId, owner: SubjectId | None = None) -> Certificate | None:
        """None until the request is completed."""

    async def place_hold(self, new: NewHold) -> Hold: ...

    async def release_hold(self, id: HoldId) -> None:
        """What was kept only because of it is erased now."""


class JobsApi(Protocol):
    """The training queue. The order is decided by the caller (fair share), exclusiveness by the database."""

    async def enqueue_job(self, new: NewJob) -> Job:
        """The same `idempotency_key` of the same owner answers with the first job. `Fenced`, `Frozen`."""

    async def job(self, id: JobId, owner: SubjectId | None = None) -> Job:
        """`NotFound`; `Gone` when its owner was erased."""

    async def jobs(self, owner: SubjectId, after: str | None = None, limit: int = 50) -> Page[Job]:
        """Newest first."""

    async def cancel_job(self, id: JobId, owner: SubjectId | None = None) -> Job:
        """A queued job ends at once; a running one when its worker reports next. A finished one is `Conflict`."""

    async def job_candidates(self, limit: int = 200) -> Sequence[JobCandidate]:
        """Queued jobs, oldest first, each with what its owner used lately."""

    async def claim_jobs(
        self,
        worker: str,
        capacity: int,
        region: str | None = None,
        ids: Sequence[JobId] | None = None,
        quota: int | None = None,
    ) -> Sequence[ClaimedJob]:
        """Up to `capacity` jobs, those of `ids` in that order when given, else by priority and age. Each job goes to
        exactly one worker; one whose worker stops reporting is queued again by itself. With a `quota` no account gets
        more than so many jobs running at once, however many workers claim at the same time."""

    async def forecast_jobs(self, forecasts: Mapping[JobId, JobForecast]) -> None:
        """What the pool foresees for queued jobs; those that are not queued any more are passed over."""

    async def report_job(self, id: JobId, attempt: int, report: JobReport) -> JobSignal:
        """Heartbeat of the worker; STOP when the job is not this attempt's any more."""

    async def finish_job(self, id: JobId, attempt: int, outcome: JobOutcome) -> Job:
        """`Conflict` when the job is not this attempt's any more: discard the result."""


class IdempotencyApi(Protocol):
    """Answers to POSTs that carried an Idempotency-Key; kept for a day."""

    async def remember(self, owner: SubjectId, key: str, fingerprint: bytes, response_ref: str) -> Remembered:
        """The first answer stays: that one is returned. `Conflict` when the fingerprint differs."""

    async def recall(self, owner: SubjectId, key: str) -> Remembered | None: ...


class VitalsApi(Protocol):
    """What an operator watches."""

    async def vitals(self) -> Vitals:
        """Counts and ages only."""


class Governance(
    AccountsApi,
    GateApi,
    LineageApi,
    RunsApi,
    HoldersApi,
    ErasureApi,
    JobsApi,
    IdempotencyApi,
    MoneyApi,
    RightsApi,
    PeopleApi,
    EventsApi,
    SupportApi,
    StatisticsApi,
    VitalsApi,
    Protocol,
):
    """All of it."""
