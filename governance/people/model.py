"""The nouns of dealings with people. Nothing here carries personal data: ids, words, numbers and times."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from governance.ids import CodeId, ConsentId, NoticeId, SubjectId, TokenId
from governance.model import Role

Fact = str | int


class CodeKind(StrEnum):
    """What a code in an e-mail is good for."""

    CONFIRMATION = "confirmation"
    RESET = "reset"


@dataclass(frozen=True, slots=True)
class Code:
    """One that is not over yet."""

    id: CodeId
    subject: SubjectId
    kind: CodeKind
    used: bool


class ConsentPurpose(StrEnum):
    """What needs consent: nothing the service is for, only what it would like besides."""

    MARKETING = "marketing"


@dataclass(frozen=True, slots=True)
class Consent:
    """Given under one version of the policy; live until it is withdrawn."""

    id: ConsentId
    subject: SubjectId
    purpose: ConsentPurpose
    policy_version: str
    given_at: datetime
    withdrawn_at: datetime | None

    @property
    def live(self) -> bool:
        return self.withdrawn_at is None


class AnnouncementKind(StrEnum):
    """What everybody is told two weeks before it takes effect."""

    POLICY = "policy"
    TRANSFER = "transfer"


@dataclass(frozen=True, slots=True)
class NewAnnouncement:
    """`version` names it; `digest` is the SHA-256 of the text that takes effect."""

    version: str
    kind: AnnouncementKind
    digest: bytes


@dataclass(frozen=True, slots=True)
class Announcement:
    """`waiting`: notices that have not left yet; `earliest`: when it may take effect, None while any waits."""

    version: str
    kind: AnnouncementKind
    digest: bytes
    announced_at: datetime
    waiting: int
    earliest: datetime | None
    in_force_at: datetime | None


class RefusedFor(StrEnum):
    """Why somebody with a valid token was refused."""

    SCOPE = "scope"
    ROLE = "role"
    UNCONFIRMED = "unconfirmed"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Who was refused, with which token and as what; it goes into the audit log."""

    subject: SubjectId
    token: TokenId
    role: Role
    reason: RefusedFor


class Template(StrEnum):
    """Which text a notice has; `serve_apps/notices/templates` has each in every language."""

    CONFIRM_ADDRESS = "confirm-address"
    RESET_PASSWORD = "reset-password"  # noqa: S105 - the name of a letter
    PASSWORD_CHANGED = "password-changed"  # noqa: S105 - the name of a letter
    ORDER_CONFIRMED = "order-confirmed"
    TRAINING_FINISHED = "training-finished"
    TRAINING_FAILED = "training-failed"
    EXPIRES_SOON = "expires-soon"
    REQUEST_ANSWERED = "request-answered"
    TICKET_ANSWERED = "ticket-answered"
    POLICY_CHANGES = "policy-changes"
    BUSINESS_TRANSFER = "business-transfer"
    NEWSLETTER = "newsletter"


LASTING = frozenset({Template.POLICY_CHANGES, Template.BUSINESS_TRANSFER})
"""Those that are kept, and sent however late: they prove that everybody was told."""


@dataclass(frozen=True, slots=True)
class NewNotice:
    """`about` makes it one of a kind: the same template about the same thing reaches a person once."""

    subject: SubjectId
    template: Template
    about: str
    facts: Mapping[str, Fact] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Notice:
    """An e-mail to be sent by whoever claimed it; `attempt` fences out a late sender."""

    id: NoticeId
    subject: SubjectId
    template: Template
    facts: Mapping[str, Fact]
    attempt: int
    created_at: datetime
