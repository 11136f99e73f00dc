"""The nouns of support: Ticket (a question with its answers) · Message (one of its texts, with attachments)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from governance.ids import ArtifactId, SubjectId, TicketId


class TicketState(StrEnum):
    """OPEN waits for support, ANSWERED for the person; a message of theirs opens it again."""

    OPEN = "open"
    ANSWERED = "answered"
    CLOSED = "closed"


class Author(StrEnum):
    CLIENT = "client"
    SUPPORT = "support"


@dataclass(frozen=True, slots=True)
class NewMessage:
    """The text and the attachments are live artifacts of the ticket's person."""

    author: Author
    text: ArtifactId
    attachments: tuple[ArtifactId, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """`text` and `attachments` may have been erased meanwhile."""

    author: Author
    text: ArtifactId
    attachments: tuple[ArtifactId, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class Ticket:
    """`messages`: oldest first; empty in listings."""

    id: TicketId
    owner: SubjectId
    state: TicketState
    created_at: datetime
    changed_at: datetime
    messages: tuple[Message, ...] = ()
