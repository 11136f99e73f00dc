"""The same interface over the actor's handle, with reconnection and retries.

Calls made in the same turn of the event loop travel together. A call that got no answer is repeated: that is safe,
because every call that changes something either answers the same again or leaves at most an empty registration,
which the sweep removes.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from time import monotonic
from typing import Any

import ray
from ray.exceptions import RayActorError, RayError

from governance.calls import NAME, NAMESPACE, Call
from governance.errors import GovernanceError, Unavailable
from governance.events.client import EventsClient
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
from governance.people.client import PeopleClient
from governance.rights.client import RightsClient
from governance.statistics.model import UsageDay
from governance.support.client import SupportClient
from governance.tracing import step
from governance.vitals import Vitals

_FIRST_REST_S = 0.05
_LONGEST_REST_S = 1.0


class GovernanceClient(RightsClient, PeopleClient, EventsClient, SupportClient):
    """Implements `api.Governance`. `patience_s`: how long a call is repeated before it raises `Unavailable`."""

    def __init__(self, patience_s: float = 2.0, timeout_s: float = 10.0) -> None:
        self._patience_s, self._timeout_s = patience_s, timeout_s
        self._handle: Any = None
        self._waiting: list[tuple[Call, asyncio.Future[Any]]] = []
        self._sends: set[asyncio.Task[None]] = set()

    @classmethod
    def connect(cls, patience_s: float = 2.0, timeout_s: float = 10.0) -> "GovernanceClient":
        """For processes where Ray is initialised; the actor is looked up at the first call and again when it moved."""
        return cls(patience_s, timeout_s)

    async def _call(self, name: str, *args: Any, **options: Any) -> Any:
        """Repeats what found nobody, until the patience ends."""
        ends, rest_s = monotonic() + self._patience_s, _FIRST_REST_S
        with step(f"governance.{name}"):
            while True:
                try:
                    return await self._once((name, args, options))
                except Unavailable:
                    if monotonic() + rest_s >= ends:
                        raise
                await asyncio.sleep(rest_s)
                rest_s = min(_LONGEST_REST_S, rest_s * 2)

    async def _once(self, call: Call) -> Any:
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append((call, future))
        if len(self._waiting) == 1:
            task = asyncio.create_task(self._send())
            self._sends.add(task)
            task.add_done_callback(self._sends.discard)
        answer = await future
        if isinstance(answer, GovernanceError):
            raise answer
        return answer

    async def _send(self) -> None:
        """Everything that gathered since the last turn, in one message."""
        batch, self._waiting = self._waiting, []
        try:
            answers = await self._exchange([call for call, _ in batch])
        except GovernanceError as error:
            answers = [type(error)(str(error))] * len(batch)
        for (_, future), answer in zip(batch, answers, strict=True):
            if not future.done():
                future.set_result(answer)

    async def _exchange(self, calls: Sequence[Call]) -> Sequence[Any]:
        try:
            if self._handle is None:
                self._handle = ray.get_actor(NAME, NAMESPACE)
            return await asyncio.wait_for(_result(self._handle.call_many.remote(calls)), self._timeout_s)
        except ValueError:
            raise Unavailable("governance is not running") from None
        except RayActorError:
            self._handle = None
            raise Unavailable("governance is restarting") from None
        except TimeoutError:
            raise Unavailable(f"governance gave no answer within {self._timeout_s} s") from None
        except RayError as error:
            raise Unavailable(f"governance could not be asked: {type(error).__name__}") from error

    async def create_account(self, new: NewAccount) -> Subject:
        answer: Subject = await self._call("create_account", new)
        return answer

    async def create_subject(self, region: str) -> Subject:
        answer: Subject = await self._call("create_subject", region)
        return answer

    async def account_by_email(self, email_hash: bytes) -> Account | None:
        answer: Account | None = await self._call("account_by_email", email_hash)
        return answer

    async def issue_token(self, new: NewToken) -> Token:
        answer: Token = await self._call("issue_token", new)
        return answer

    async def token(self, token_hash: bytes) -> Token | None:
        answer: Token | None = await self._call("token", token_hash)
        return answer

    async def revoke_token(self, token_hash: bytes) -> None:
        await self._call("revoke_token", token_hash)

    async def subject(self, id: SubjectId) -> Subject:
        answer: Subject = await self._call("subject", id)
        return answer

    async def restrict(self, id: SubjectId) -> Subject:
        answer: Subject = await self._call("restrict", id)
        return answer

    async def lift(self, id: SubjectId) -> Subject:
        answer: Subject = await self._call("lift", id)
        return answer

    async def register(self, new: NewArtifact, holder: HolderId) -> Ticket:
        answer: Ticket = await self._call("register", new, holder)
        return answer

    async def commit(self, id: ArtifactId, receipt: Receipt) -> Artifact:
        answer: Artifact = await self._call("commit", id, receipt)
        return answer

    async def abandon(self, id: ArtifactId) -> None:
        await self._call("abandon", id)

    async def grant(self, id: ArtifactId, purpose: Purpose, holder: HolderId) -> Grant:
        answer: Grant = await self._call("grant", id, purpose, holder)
        return answer

    async def artifact(self, id: ArtifactId, owner: SubjectId | None = None) -> Artifact:
        answer: Artifact = await self._call("artifact", id, owner)
        return answer

    async def artifacts(
        self, owner: SubjectId, kind: Kind | None = None, after: str | None = None, limit: int = 50
    ) -> Page[Artifact]:
        answer: Page[Artifact] = await self._call("artifacts", owner, kind, after, limit)
        return answer

    async def lineage(self, id: ArtifactId, owner: SubjectId | None = None) -> Lineage:
        answer: Lineage = await self._call("lineage", id, owner)
        return answer

    async def start_run(self, new: NewRun) -> Run:
        answer: Run = await self._call("start_run", new)
        return answer

    async def finish_run(self, id: RunId, outcome: RunState) -> Run:
        answer: Run = await self._call("finish_run", id, outcome)
        return answer

    async def open_holder(self, kind: HolderKind, region: str, public_key: bytes) -> HolderLease:
        answer: HolderLease = await self._call("open_holder", kind, region, public_key)
        return answer

    async def renew(self, holder: HolderId, held: Collection[ArtifactId] | None = None) -> Renewal:
        answer: Renewal = await self._call("renew", holder, held)
        return answer

    async def dropped(self, holder: HolderId, ids: Sequence[ArtifactId]) -> None:
        await self._call("dropped", holder, ids)

    async def close_holder(self, holder: HolderId) -> None:
        await self._call("close_holder", holder)

    async def erase(self, target: Target, by: By = By.SUBJECT, owner: SubjectId | None = None) -> Request:
        answer: Request = await self._call("erase", target, by, owner)
        return answer

    async def request(self, id: RequestId, owner: SubjectId | None = None) -> Request:
        answer: Request = await self._call("request", id, owner)
        return answer

    async def certificate(self, id: RequestId, owner: SubjectId | None = None) -> Certificate | None:
        answer: Certificate | None = await self._call("certificate", id, owner)
        return answer

    async def place_hold(self, new: NewHold) -> Hold:
        answer: Hold = await self._call("place_hold", new)
        return answer

    async def release_hold(self, id: HoldId) -> None:
        await self._call("release_hold", id)

    async def enqueue_job(self, new: NewJob) -> Job:
        answer: Job = await self._call("enqueue_job", new)
        return answer

    async def job(self, id: JobId, owner: SubjectId | None = None) -> Job:
        answer: Job = await self._call("job", id, owner)
        return answer

    async def jobs(self, owner: SubjectId, after: str | None = None, limit: int = 50) -> Page[Job]:
        answer: Page[Job] = await self._call("jobs", owner, after, limit)
        return answer

    async def cancel_job(self, id: JobId, owner: SubjectId | None = None) -> Job:
        answer: Job = await self._call("cancel_job", id, owner)
        return answer

    async def job_candidates(self, limit: int = 200) -> Sequence[JobCandidate]:
        answer: Sequence[JobCandidate] = await self._call("job_candidates", limit)
        return answer

    async def claim_jobs(
        self,
        worker: str,
        capacity: int,
        region: str | None = None,
        ids: Sequence[JobId] | None = None,
        quota: int | None = None,
    ) -> Sequence[ClaimedJob]:
        answer: Sequence[ClaimedJob] = await self._call("claim_jobs", worker, capacity, region, ids, quota)
        return answer

    async def forecast_jobs(self, forecasts: Mapping[JobId, JobForecast]) -> None:
        await self._call("forecast_jobs", forecasts)

    async def report_job(self, id: JobId, attempt: int, report: JobReport) -> JobSignal:
        answer: JobSignal = await self._call("report_job", id, attempt, report)
        return answer

    async def finish_job(self, id: JobId, attempt: int, outcome: JobOutcome) -> Job:
        answer: Job = await self._call("finish_job", id, attempt, outcome)
        return answer

    async def remember(self, owner: SubjectId, key: str, fingerprint: bytes, response_ref: str) -> Remembered:
        answer: Remembered = await self._call("remember", owner, key, fingerprint, response_ref)
        return answer

    async def recall(self, owner: SubjectId, key: str) -> Remembered | None:
        answer: Remembered | None = await self._call("recall", owner, key)
        return answer

    async def wallet(self, owner: SubjectId) -> Wallet:
        answer: Wallet = await self._call("wallet", owner)
        return answer

    async def entries(self, owner: SubjectId, after: str | None = None, limit: int = 50) -> Page[Entry]:
        answer: Page[Entry] = await self._call("entries", owner, after, limit)
        return answer

    async def place_order(self, new: NewOrder) -> Order:
        answer: Order = await self._call("place_order", new)
        return answer

    async def attach_payment(self, id: OrderId, payment: str) -> Order:
        answer: Order = await self._call("attach_payment", id, payment)
        return answer

    async def order(self, id: OrderId, owner: SubjectId | None = None) -> Order:
        answer: Order = await self._call("order", id, owner)
        return answer

    async def orders(self, owner: SubjectId, after: str | None = None, limit: int = 50) -> Page[Order]:
        answer: Page[Order] = await self._call("orders", owner, after, limit)
        return answer

    async def order_of_payment(self, payment: str) -> Order | None:
        answer: Order | None = await self._call("order_of_payment", payment)
        return answer

    async def customer(self, owner: SubjectId) -> str | None:
        answer: str | None = await self._call("customer", owner)
        return answer

    async def set_customer(self, owner: SubjectId, customer: str) -> str:
        answer: str = await self._call("set_customer", owner, customer)
        return answer

    async def settle_order(self, id: OrderId, payment: Payment, event: str | None = None) -> Order:
        answer: Order = await self._call("settle_order", id, payment, event)
        return answer

    async def is_event_known(self, event: str) -> bool:
        answer: bool = await self._call("is_event_known", event)
        return answer

    async def note_event(self, event: str) -> None:
        await self._call("note_event", event)

    async def usage(self, first: date, last: date) -> Sequence[UsageDay]:
        answer: Sequence[UsageDay] = await self._call("usage", first, last)
        return answer

    async def vitals(self) -> Vitals:
        answer: Vitals = await self._call("vitals")
        return answer


async def _result(ref: Any) -> Sequence[Any]:
    answers: Sequence[Any] = await ref
    return answers
