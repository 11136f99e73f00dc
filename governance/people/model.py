"""The nouns of dealings with people. Nothing here carries personal data: ids, words, numbers and times."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from governance.ids import NoticeId, SubjectId

Fact = str | int


class Template(StrEnum):
    """Which text a notice has; `serve_apps/notices/templates` has each in every language."""

    ORDER_CONFIRMED = "order-confirmed"
    TRAINING_FINISHED = "training-finished"
    TRAINING_FAILED = "training-failed"
    EXPIRES_SOON = "expires-soon"
    REQUEST_ANSWERED = "request-answered"


LASTING: frozenset[Template] = frozenset()
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
