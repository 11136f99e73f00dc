"""The nouns of governance. Times are UTC `datetime`s; ids are value types from `ids.py`.

Subject (a person) · Artifact (anything derived from subjects) · Run (an activity that reads artifacts and makes new
ones) · Holder (a process with plaintext in memory, under a lease) · Request (a person exercising a right) ·
Job (a place in the training queue). In PROV: Artifact = Entity, Run = Activity, Subject and Processor = Agent.

Nothing here ever carries personal data in the clear: ids, hashes, enums, times and sealed bytes only.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar
from uuid import UUID

from governance.ids import (
    ArtifactId,
    HolderId,
    HoldId,
    Id,
    JobId,
    LeaseId,
    OrderId,
    RequestId,
    RunId,
    SubjectId,
    TokenId,
)

__all__ = [
    "Account", "Artifact", "ArtifactId", "ArtifactState", "By", "Certificate", "Charge", "ClaimedJob", "Grant", "Hold",
    "HoldId", "HolderId", "HolderKind", "HolderLease", "Id", "Job", "JobCandidate", "JobForecast", "JobId",
    "JobOutcome", "JobPace", "JobReport", "JobSignal", "JobState", "Kind", "LeaseId", "LegalBasis", "NewAccount",
    "NewArtifact", "NewHold", "NewJob", "NewRun", "NewToken", "OrderId", "Page", "Purpose", "Receipt", "Remembered",
    "Renewal", "Request", "RequestId", "RequestKind", "RequestState", "Role", "Run", "RunId", "RunState", "Subject",
    "SubjectId", "SubjectStatus", "Target", "Ticket", "Token", "TokenId",
]  # fmt: skip

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Charge:
    """What work may cost at most: `each` credits for every one of up to `count` things it produces."""

    each: int
    count: int = 1

    @property
    def most(self) -> int:
        return self.each * self.count


class Kind(StrEnum):
    """What an artifact is."""

    PROFILE = "profile"
    PHOTO = "photo"
    CAPTION = "caption"
    PROMPT = "prompt"
    CHECKPOINT = "checkpoint"
    ADAPTER = "adapter"
    IMAGE = "image"
    PREVIEW = "preview"
    REPORT = "report"
    EXPORT = "export"
    MESSAGE = "message"
    ATTACHMENT = "attachment"
    WEBHOOK = "webhook"
    LATENT = "latent"
    CROP = "crop"


class Purpose(StrEnum):
    """Why data is collected or read; `policy.toml` says which kinds allow which."""

    ACCOUNT = "account"
    TRAINING = "training"
    GENERATION = "generation"
    DELIVERY = "delivery"
    SUPPORT = "support"
    EXPORT = "export"
    SECURITY = "security"
    MARKETING = "marketing"
    IDENTITY_CHECK = "identity_check"
    LEGAL = "legal"


class LegalBasis(StrEnum):
    """GDPR article 6(1)."""

    CONSENT = "consent"
    CONTRACT = "contract"
    LEGAL_OBLIGATION = "legal_obligation"
    LEGITIMATE_INTEREST = "legitimate_interest"


class Role(StrEnum):
    """What somebody with an account works as; staff are clients too. None of them sees other people's pictures."""

    CLIENT = "client"
    SUPPORT = "support"
    ML_OPS = "ml-ops"
    CLUSTER_ADMIN = "cluster-admin"
    DPO = "dpo"


class SubjectStatus(StrEnum):
    ACTIVE = "active"
    FROZEN = "frozen"
    ERASING = "erasing"
    ERASED = "erased"


class ArtifactState(StrEnum):
    """`lifecycle.py` draws the legal transitions."""

    REGISTERED = "registered"
    LIVE = "live"
    HELD = "held"
    ERASING = "erasing"
    ERASED = "erased"


class RunState(StrEnum):
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"


class HolderKind(StrEnum):
    INGRESS = "ingress"
    GENERATOR = "generator"
    TRAINER = "trainer"
    TOOL = "tool"


class RequestKind(StrEnum):
    ERASURE = "erasure"
    EXPIRY = "expiry"


class RequestState(StrEnum):
    """One state per finished step of an erasure, in order."""

    FENCED = "fenced"
    DROPPED = "dropped"
    DELETED = "deleted"
    SCRUBBED = "scrubbed"
    NOTIFIED = "notified"
    SCANNED = "scanned"
    COMPLETED = "completed"


class JobState(StrEnum):
    QUEUED = "queued"
    STARTING = "starting"
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"


class JobSignal(StrEnum):
    """The answer to a worker's report. STOP: drop the job now, it was canceled, erased or given to another."""

    CONTINUE = "continue"
    STOP = "stop"


class By(StrEnum):
    """Who asked for an erasure."""

    SUBJECT = "subject"
    OPERATOR = "operator"
    EXPIRY = "expiry"


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a listing; give `next` as `after` to go on, None means the end."""

    items: tuple[T, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class Subject:
    id: SubjectId
    region: str
    status: SubjectStatus
    created_at: datetime


@dataclass(frozen=True, slots=True)
class NewAccount:
    """`email_hash`: keyed hash of the normalised address (32 bytes); `password_hash`: Argon2id's encoded text."""

    email_hash: bytes
    password_hash: str
    region: str


@dataclass(frozen=True, slots=True)
class Account:
    """`confirmed`: the address is known to be theirs."""

    subject: Subject
    password_hash: str = field(repr=False)
    role: Role = Role.CLIENT
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class NewToken:
    """`token_hash`: SHA-256 of the secret (32 bytes). Tokens of one `session` end together; None for an API key."""

    subject: SubjectId
    token_hash: bytes
    scopes: frozenset[str]
    expires_at: datetime
    session: UUID | None = None


@dataclass(frozen=True, slots=True)
class Token:
    """A token outlives its subject's erasure until it expires, so that the person can fetch the certificate:
    the ingress lets a token whose `subject.status` is ERASING or ERASED read only that; all else is 410."""

    id: TokenId
    subject: Subject
    scopes: frozenset[str]
    expires_at: datetime
    session: UUID | None = None
    role: Role = Role.CLIENT
    confirmed: bool = False
    used: bool = False


@dataclass(frozen=True, slots=True)
class NewArtifact:
    """Subjects of all parents are added by themselves. `run` names the activity that makes it, if there is one."""

    kind: Kind
    subjects: tuple[SubjectId, ...]
    purpose: Purpose
    parents: tuple[ArtifactId, ...] = ()
    run: RunId | None = None


@dataclass(frozen=True, slots=True)
class Artifact:
    """`deadline`: when it goes at the latest, the earliest of its own retention and its parents' deadlines (None:
    as long as the account). `size` (bytes) and `sha256` are of the plaintext; `location` is the S3 key, not secret."""

    id: ArtifactId
    kind: Kind
    subjects: tuple[SubjectId, ...]
    parents: tuple[ArtifactId, ...]
    purpose: Purpose
    run: RunId | None
    state: ArtifactState
    location: str
    size: int | None
    created_at: datetime
    deadline: datetime | None

    def shows_to(self, person: SubjectId) -> bool:
        """Whether it is that person's to see. An export contains things of several people; it is its maker's alone."""
        return person == self.subjects[0] or (self.kind is not Kind.EXPORT and person in self.subjects)


@dataclass(frozen=True, slots=True)
class Ticket:
    """The right to write one registered artifact; the data key is sealed to the holder's session key."""

    artifact: Artifact
    sealed_key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was written: plaintext size and SHA-256 (32 bytes), the S3 version id of the ciphertext."""

    size: int
    sha256: bytes = field(repr=False)
    version_id: str


@dataclass(frozen=True, slots=True)
class Grant:
    """The right to hold one artifact's plaintext while the holder's lease lives."""

    lease: LeaseId
    artifact: Artifact
    version_id: str
    sealed_key: bytes = field(repr=False)
    sha256: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class HolderLease:
    """`session_key_sealed` is sealed to the holder's X25519 public key, `transport_key_sealed` to the session key. The
    holder counts `ttl_s` from the moment it asked, so that its own end is never after the one recorded here."""

    holder_id: HolderId
    expires_at: datetime
    ttl_s: float
    session_key_sealed: bytes = field(repr=False)
    transport_key_sealed: bytes = field(repr=False)
    transport_epoch: int


@dataclass(frozen=True, slots=True)
class Renewal:
    """`drop`: artifacts to drop and zero now, then acknowledge. A new `transport_epoch` brings its sealed key."""

    expires_at: datetime
    ttl_s: float
    drop: tuple[ArtifactId, ...]
    transport_epoch: int
    transport_key_sealed: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class NewRun:
    """`inputs` must all be live and readable for `purpose`; `subjects` are added from the inputs. The first one pays
    `charge` for each picture the run makes; None: it costs nothing."""

    purpose: Purpose
    subjects: tuple[SubjectId, ...]
    inputs: tuple[ArtifactId, ...] = ()
    charge: Charge | None = None


@dataclass(frozen=True, slots=True)
class Run:
    id: RunId
    purpose: Purpose
    basis: LegalBasis
    subjects: tuple[SubjectId, ...]
    inputs: tuple[ArtifactId, ...]
    state: RunState
    started_at: datetime


Target = SubjectId | ArtifactId
"""What is erased: a whole account, or one artifact with everything derived from it."""


@dataclass(frozen=True, slots=True)
class Request:
    """An erasure on its way. `counts`: how many artifacts of each kind go; `held`: how many stay under a legal hold;
    `due_at`: the promised end; `target` is None for an expiry, which takes all that is due of one owner."""

    id: RequestId
    kind: RequestKind
    owner: SubjectId
    target: Target | None
    state: RequestState
    created_at: datetime
    due_at: datetime
    completed_at: datetime | None
    counts: Mapping[str, int]
    held: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Certificate:
    """`document`: the signed JSON text that `pixreunion verify` reads; no personal data in it."""

    request: RequestId
    issued_at: datetime
    document: str


@dataclass(frozen=True, slots=True)
class NewHold:
    """A legal duty to keep one artifact until a date; `basis` is a lower-case word such as `bookkeeping-act`."""

    artifact: ArtifactId
    basis: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Hold:
    id: HoldId
    artifact: ArtifactId
    basis: str
    until: datetime


@dataclass(frozen=True, slots=True)
class NewJob:
    """`params` are numbers and enum names only, never texts a person wrote: those are artifacts among `inputs`.
    `gpu_seconds`: expected cost; `memory_mb`: what it needs on a device; a higher `priority` goes first;
    the owner pays `charge` when it succeeds."""

    owner: SubjectId
    inputs: tuple[ArtifactId, ...]
    preset: str
    params: Mapping[str, int | float | str | bool] = field(default_factory=dict)
    idempotency_key: str | None = None
    gpu_seconds: float = 60.0
    memory_mb: int = 0
    priority: int = 0
    charge: Charge | None = None


@dataclass(frozen=True, slots=True)
class JobForecast:
    """What the pool foresees for a queued job: jobs ahead in the fair order, when it starts and ends (None: nothing
    that runs now can take it), and a word for what it waits for: turn, quota, region or memory."""

    position: int
    starts_at: datetime | None
    ends_at: datetime | None
    waits_for: str


@dataclass(frozen=True, slots=True)
class JobPace:
    """How a training goes: steps behind it and in all, seconds left (None: not known yet), (step, loss) points."""

    step: int
    steps: int
    seconds_left: float | None = None
    curve: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Job:
    """`progress` in 0..1; `position` counts the queued jobs ahead (None unless queued), in the fair order once there is
    a `forecast`; `pace` once it trains; `result` the artifact made; `code` a stable word for why it failed."""

    id: JobId
    owner: SubjectId
    inputs: tuple[ArtifactId, ...]
    preset: str
    params: Mapping[str, int | float | str | bool]
    state: JobState
    region: str
    progress: float
    position: int | None
    run: RunId | None
    result: ArtifactId | None
    code: str | None
    created_at: datetime
    finished_at: datetime | None
    forecast: JobForecast | None = None
    pace: JobPace | None = None


@dataclass(frozen=True, slots=True)
class JobCandidate:
    """What the order of the queue is decided from. `owner_gpu_seconds`: used by its owner lately; `owner_running`: that
    owner's jobs that run now; `tries`: how often it was started before and not preempted;
    `requeued_at`: when it was last given back."""

    id: JobId
    owner: SubjectId
    region: str
    priority: int
    gpu_seconds: float
    memory_mb: int
    owner_gpu_seconds: float
    queued_at: datetime
    owner_running: int = 0
    tries: int = 0
    requeued_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ClaimedJob:
    """A job given to exactly one worker; every later call names `attempt`, so that a late worker is fenced out.
    `tries`: this attempt and those before it that were not preempted."""

    job: Job
    attempt: int
    tries: int


@dataclass(frozen=True, slots=True)
class JobReport:
    """A worker's heartbeat: PROCESSING or STARTING, how far, and GPU-seconds used since the last report."""

    progress: float
    gpu_seconds: float = 0.0
    state: JobState = JobState.PROCESSING
    run: RunId | None = None
    pace: JobPace | None = None


@dataclass(frozen=True, slots=True)
class JobOutcome:
    """SUCCEEDED with the adapter made, FAILED with a stable code, CANCELED, or QUEUED to give it back: `preempted`,
    when it was in nobody's way but its device was needed; that attempt does not count as a try."""

    state: JobState
    result: ArtifactId | None = None
    code: str | None = None
    preempted: bool = False


@dataclass(frozen=True, slots=True)
class Remembered:
    """The first answer to a request with an idempotency key."""

    fingerprint: bytes
    response_ref: str
