"""The nouns of rights. Words of a fixed vocabulary, ids and times only: what people write is an artifact of theirs.

RightsRequest (a person exercising a right; has a clock) · Objection (a purpose a person said no to) · Disclosure (data
given to an authority) · Transfer (data given to a processor) · Breach (has 72 hours) · Alarm (a clock that nears its
end) · Share (consent to pictures with another) · Dossier (everything the ledger knows of a person).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from governance.ids import ArtifactId, Id, RequestId, SubjectId
from governance.model import Artifact, Kind, LegalBasis, Purpose, Request, Run, Subject
from governance.policy import Safeguard


class BreachId(Id):
    """A personal data breach."""

    __slots__ = ()
    prefix = "brc"


class DisclosureId(Id):
    """A disclosure that the law demanded."""

    __slots__ = ()
    prefix = "dsc"


class TransferId(Id):
    """Data of one person given to one processor."""

    __slots__ = ()
    prefix = "trf"


class ShareId(Id):
    """One person's consent to pictures with another."""

    __slots__ = ()
    prefix = "shr"


class Right(StrEnum):
    """GDPR articles 15, 20, 16, 17, 18 and 21."""

    ACCESS = "access"
    PORTABILITY = "portability"
    RECTIFICATION = "rectification"
    ERASURE = "erasure"
    RESTRICTION = "restriction"
    OBJECTION = "objection"


class RightState(StrEnum):
    """`lifecycle.py` lists the legal transitions. ANSWERED may still become WITHDRAWN: a restriction is lifted, an
    objection taken back."""

    RECEIVED = "received"
    WORKING = "working"
    ANSWERED = "answered"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


OPEN = frozenset({RightState.RECEIVED, RightState.WORKING})


class Channel(StrEnum):
    """How it came in."""

    ACCOUNT = "account"
    OPENDSR = "opendsr"
    OFFICER = "officer"


class Outcome(StrEnum):
    """What was answered; refusals name their ground in GDPR."""

    FULFILLED = "fulfilled"
    PARTLY_FULFILLED = "partly-fulfilled"
    NOTHING_HELD = "nothing-held"
    REFUSED_IDENTITY = "refused-identity"  # article 12(2)
    REFUSED_UNFOUNDED = "refused-unfounded"  # article 12(5)
    REFUSED_LEGAL_DUTY = "refused-legal-duty"  # article 17(3)
    REFUSED_COMPELLING_GROUNDS = "refused-compelling-grounds"  # article 21(1)
    REFUSED_OTHERS_RIGHTS = "refused-others-rights"  # article 15(4)

    @property
    def state(self) -> RightState:
        return RightState.REFUSED if self.startswith("refused") else RightState.ANSWERED


@dataclass(frozen=True, slots=True)
class NewRightsRequest:
    """`purpose`: what an objection is about; `artifact`: what a rectification or an erasure is about; `message`: the
    person's own words, an artifact of theirs; `number`: what an outside tool calls it; the same number is the same
    request."""

    right: Right
    subject: SubjectId
    channel: Channel = Channel.ACCOUNT
    purpose: Purpose | None = None
    artifact: ArtifactId | None = None
    message: ArtifactId | None = None
    number: UUID | None = None


@dataclass(frozen=True, slots=True)
class RightsRequest:
    """`due_at`: the promised answer; `extended`: by two months (article 12(3)); `answer`: the officer's words, an
    artifact of the person's; `result`: the archive made, or the corrected artifact."""

    id: RequestId
    right: Right
    subject: SubjectId
    channel: Channel
    state: RightState
    created_at: datetime
    due_at: datetime
    warn_at: datetime
    purpose: Purpose | None = None
    artifact: ArtifactId | None = None
    message: ArtifactId | None = None
    outcome: Outcome | None = None
    answer: ArtifactId | None = None
    result: ArtifactId | None = None
    extended: bool = False
    answered_at: datetime | None = None

    @property
    def open(self) -> bool:
        return self.state in OPEN


@dataclass(frozen=True, slots=True)
class Settlement:
    """How a request ends."""

    outcome: Outcome
    answer: ArtifactId | None = None
    result: ArtifactId | None = None


class Stage(StrEnum):
    """How far a clock has run."""

    SOON = "soon"
    OVERDUE = "overdue"


class ClockKind(StrEnum):
    RIGHT = "right"
    ERASURE = "erasure"
    BREACH = "breach"


@dataclass(frozen=True, slots=True)
class Alarm:
    """A clock that nears or passed its end and is still running; `about` is the id of what it belongs to."""

    about: str
    kind: ClockKind
    stage: Stage
    due_at: datetime
    raised_at: datetime


class TakedownReason(StrEnum):
    """Why the officer erases without being asked."""

    CHILD = "child"
    UNLAWFUL = "unlawful"


@dataclass(frozen=True, slots=True)
class Takedown:
    """The record that stays: no personal data in it."""

    request: Request
    reason: TakedownReason
    ordered_at: datetime


@dataclass(frozen=True, slots=True)
class NewDisclosure:
    """`recipient`, `basis` and `reference` are lower-case words: `police`, `code-of-procedure-804`, `case-4711`."""

    subject: SubjectId
    recipient: str
    basis: str
    reference: str
    kinds: tuple[Kind, ...]


@dataclass(frozen=True, slots=True)
class Disclosure:
    id: DisclosureId
    subject: SubjectId
    recipient: str
    basis: str
    reference: str
    kinds: tuple[Kind, ...]
    disclosed_at: datetime


@dataclass(frozen=True, slots=True)
class NewTransfer:
    """`fields` must be among those that the processor's contract names."""

    processor: str
    subject: SubjectId
    fields: tuple[str, ...]
    artifact: ArtifactId | None = None


@dataclass(frozen=True, slots=True)
class Transfer:
    id: TransferId
    processor: str
    subject: SubjectId
    fields: tuple[str, ...]
    sent_at: datetime


class BreachNature(StrEnum):
    """Article 4(12)."""

    CONFIDENTIALITY = "confidentiality"
    INTEGRITY = "integrity"
    AVAILABILITY = "availability"


class BreachRisk(StrEnum):
    """UNLIKELY needs no notification (article 33(1)); HIGH: the people are told as well (article 34)."""

    UNLIKELY = "unlikely"
    RISK = "risk"
    HIGH = "high"


class BreachState(StrEnum):
    OPEN = "open"
    NOTIFIED = "notified"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class NewBreach:
    """`reference`: a lower-case word such as `incident-12`; `found_at`: when the 72 hours began, None: now."""

    reference: str
    nature: tuple[BreachNature, ...]
    kinds: tuple[Kind, ...]
    people: int
    risk: BreachRisk
    found_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Breach:
    id: BreachId
    reference: str
    nature: tuple[BreachNature, ...]
    kinds: tuple[Kind, ...]
    people: int
    risk: BreachRisk
    state: BreachState
    found_at: datetime
    due_at: datetime
    notified_at: datetime | None = None
    late_reason: str | None = None
    people_told_at: datetime | None = None
    closed_at: datetime | None = None


class BreachStep(StrEnum):
    """What the officer did about it."""

    NOTIFY_AUTHORITY = "notify-authority"
    TELL_PEOPLE = "tell-people"
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class Recipient:
    """A third party in the register, and when it received what of one person."""

    name: str
    region: str
    purpose: str
    fields: tuple[str, ...]
    transfers: tuple[Transfer, ...] = ()


@dataclass(frozen=True, slots=True)
class Dossier:
    """Everything the ledger knows of a person. `artifacts` as that person may see them, oldest first; `held`: what only
    a legal duty keeps. `records`: rows of every table that names the person, without keys and hashes; `columns`: the
    SQL types of their columns, by table and name."""

    subject: Subject
    artifacts: tuple[Artifact, ...]
    held: tuple[Artifact, ...]
    runs: tuple[Run, ...]
    recipients: tuple[Recipient, ...]
    records: Mapping[str, Sequence[Mapping[str, Any]]] = field(repr=False)
    columns: Mapping[str, Mapping[str, str]] = field(repr=False)
    taken_at: datetime


@dataclass(frozen=True, slots=True)
class ProcessingEntry:
    """One purpose in the register of processing (article 30)."""

    purpose: Purpose
    basis: LegalBasis
    makes: tuple[Kind, ...]
    reads: tuple[Kind, ...]
    retention_days: Mapping[str, int | None]


@dataclass(frozen=True, slots=True)
class ProcessingRegister:
    """Article 30, generated from the policy and the register of processors."""

    controller: str
    contact: str
    address: str
    policy_version: str
    effective: date
    purposes: tuple[ProcessingEntry, ...]
    recipients: tuple[Recipient, ...]
    safeguards: tuple[Safeguard, ...]
    measures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ComplianceReport:
    """Counts over the ledger and the audit log; `findings` names every promise that the numbers show broken."""

    made_at: datetime
    policy_version: str
    people: Mapping[str, int]
    artifacts: Mapping[str, Mapping[str, int]]
    past_deadline: int
    requests: Mapping[str, Mapping[str, int]]
    answered_late: int
    open_overdue: int
    erasures: Mapping[str, float]
    runs: Mapping[str, int]
    holds: Mapping[str, int]
    disclosures: Mapping[str, int]
    transfers: Mapping[str, int]
    breaches: Mapping[str, int]
    takedowns: Mapping[str, int]
    log_size: int
    log_root: str
    events: Mapping[str, int]
    findings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NewShare:
    """`giver` agrees that `receiver` makes pictures of both with `giver`'s model."""

    model: ArtifactId
    giver: SubjectId
    receiver: SubjectId


@dataclass(frozen=True, slots=True)
class Share:
    """A consent; in force until it is withdrawn or the model is gone."""

    id: ShareId
    model: ArtifactId
    giver: SubjectId
    receiver: SubjectId
    given_at: datetime
    withdrawn_at: datetime | None = None

    def withdrawn(self, at: datetime) -> "Share":
        return replace(self, withdrawn_at=at)
