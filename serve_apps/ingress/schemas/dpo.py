"""What the data-protection officer sees and says. No body here takes free text but an answer to a person, which is
stored as an artifact of that person."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, StringConstraints
from pydantic_core import to_jsonable_python

from governance.model import Hold, Kind
from governance.rights.model import (
    Alarm,
    Breach,
    BreachNature,
    BreachRisk,
    BreachStep,
    ComplianceReport,
    Disclosure,
    Outcome,
    ProcessingRegister,
    RightsRequest,
    Takedown,
    TakedownReason,
    Transfer,
)
from serve_apps.ingress.schemas.common import Answer, Body, Stripped
from serve_apps.ingress.schemas.rights import RightAnswer, right_answer

Word = Annotated[str, StringConstraints(min_length=1, max_length=48, pattern=r"^[a-z][a-z0-9]*([._-][a-z0-9]+)*$")]
Message = Annotated[str, Stripped, StringConstraints(min_length=1, max_length=20_000)]


class QueuedRight(RightAnswer):
    """A request with the person's opaque id and how it came in."""

    subject: str
    channel: str


class Decision(Body):
    """`message`: the officer's words to the person, who reads them at `/v1/artifacts`."""

    outcome: Outcome
    message: Message | None = Field(default=None, repr=False)


class NewTakedown(Body):
    """`target`: an account (`sub_…`) or one photo, model or picture (`art_…`)."""

    target: str = Field(examples=["sub_01a20baf9dd6707993b5dc044a7a3ac2"])
    reason: TakedownReason = TakedownReason.CHILD


class TakedownAnswer(Answer):
    """The record that stays; follow the erasure at `/v1/dpo/requests/{request}`."""

    object: str = "takedown"
    request: str
    reason: str
    ordered_at: datetime


class DisclosureBody(Body):
    subject: str
    recipient: Word = Field(examples=["police"])
    basis: Word = Field(examples=["code-of-procedure-804"])
    reference: Word = Field(examples=["case-4711"])
    kinds: list[Kind] = Field(min_length=1)


class DisclosureAnswer(Answer):
    object: str = "disclosure"
    id: str
    subject: str
    recipient: str
    basis: str
    reference: str
    kinds: list[str]
    disclosed_at: datetime


class TransferBody(Body):
    """`fields`: of those that the processor's contract names."""

    processor: Word = Field(examples=["object-storage"])
    subject: str
    fields: list[Word] = Field(min_length=1, examples=[["sealed-bytes"]])


class TransferAnswer(Answer):
    object: str = "transfer"
    id: str
    processor: str
    subject: str
    fields: list[str]
    sent_at: datetime


class HoldBody(Body):
    """A legal duty to keep one artifact."""

    artifact: str
    basis: Word = Field(examples=["bookkeeping-act"])
    until: datetime


class HoldAnswer(Answer):
    object: str = "hold"
    id: str
    artifact: str
    basis: str
    until: datetime


class BreachBody(Body):
    """`found_at`: when the 72 hours began; without it now."""

    reference: Word = Field(examples=["incident-12"])
    nature: list[BreachNature] = Field(min_length=1)
    kinds: list[Kind] = Field(default_factory=list)
    people: int = Field(ge=0, lt=2**31)
    risk: BreachRisk
    found_at: datetime | None = None


class BreachStepBody(Body):
    """`late_reason`: needed once 72 hours are over."""

    step: BreachStep
    late_reason: Word | None = None


class BreachAnswer(Answer):
    object: str = "breach"
    id: str
    reference: str
    nature: list[str]
    kinds: list[str]
    people: int
    risk: str
    state: str
    found_at: datetime
    due_at: datetime
    notified_at: datetime | None
    late_reason: str | None
    people_told_at: datetime | None
    closed_at: datetime | None


class AlarmAnswer(Answer):
    object: str = "alarm"
    about: str
    kind: str
    stage: str
    due_at: datetime
    raised_at: datetime


def queued_right(request: RightsRequest) -> QueuedRight:
    return QueuedRight(**right_answer(request).model_dump(), subject=request.subject, channel=request.channel)


def takedown_answer(done: Takedown) -> TakedownAnswer:
    return TakedownAnswer(request=done.request.id, reason=done.reason, ordered_at=done.ordered_at)


def fields_of(record: Disclosure | Transfer | Hold | Breach | Alarm) -> dict[str, Any]:
    """A record as JSON values, for the answer of its kind."""
    found: dict[str, Any] = to_jsonable_python(asdict(record))
    return found


def register_document(register: ProcessingRegister) -> dict[str, Any]:
    found: dict[str, Any] = to_jsonable_python(asdict(register))
    return found


def report_document(report: ComplianceReport) -> dict[str, Any]:
    found: dict[str, Any] = to_jsonable_python(asdict(report))
    return found
