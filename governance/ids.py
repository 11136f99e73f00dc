"""Value types for identifiers: a prefix and a UUIDv7, so that they are opaque, sortable and never mixed up.

Text form: `art_01a20baf9dd6707993b5dc044a7a3ac2` (prefix, underscore, 32 hex digits).
In PostgreSQL only the UUID is stored.
"""

import re
from collections.abc import Iterable
from typing import ClassVar, Self
from uuid import UUID

import uuid_utils

from governance.errors import NotFound

_DIGITS = re.compile(r"[0-9a-f]{32}", re.ASCII)


class Id(str):
    """One kind of identifier; subclasses give the prefix."""

    __slots__ = ()
    prefix: ClassVar[str] = ""

    @classmethod
    def new(cls) -> Self:
        return cls(f"{cls.prefix}_{uuid_utils.uuid7().hex}")

    @classmethod
    def of(cls, uuid: UUID) -> Self:
        return cls(f"{cls.prefix}_{uuid.hex}")

    def check(self) -> Self:
        """Itself when it is well formed; other text raises `NotFound`, like an unknown identifier."""
        if not self.is_well_formed:
            raise NotFound()
        return self

    @property
    def is_well_formed(self) -> bool:
        return self[:4] == self.prefix + "_" and _DIGITS.fullmatch(self, 4) is not None

    @property
    def digits(self) -> str:
        """The UUID's 32 hex digits; for identifiers that were checked."""
        return self[4:]

    @property
    def uuid(self) -> UUID:
        """The UUID inside. Raises `NotFound` like `check`."""
        return UUID(hex=self.check()[4:])


class SubjectId(Id):
    """A person, or a person shown in a picture."""

    __slots__ = ()
    prefix = "sub"


class ArtifactId(Id):
    """Anything derived from subjects."""

    __slots__ = ()
    prefix = "art"

    def location(self, first: SubjectId) -> str:
        """The key of its bytes in the bucket: all of its first subject's lie under one prefix."""
        return f"{first.digits}/{self.digits}"


class RunId(Id):
    """An activity that reads artifacts and makes new ones."""

    __slots__ = ()
    prefix = "run"


class JobId(Id):
    """A place in the training queue."""

    __slots__ = ()
    prefix = "job"


class HolderId(Id):
    """A process with plaintext in its memory."""

    __slots__ = ()
    prefix = "hol"


class LeaseId(Id):
    """One grant of plaintext to one holder."""

    __slots__ = ()
    prefix = "lea"


class RequestId(Id):
    """A person exercising a right, or the service expiring data."""

    __slots__ = ()
    prefix = "req"


class TokenId(Id):
    """A bearer token (never its secret)."""

    __slots__ = ()
    prefix = "tok"


class HoldId(Id):
    """A legal hold."""

    __slots__ = ()
    prefix = "hld"


class DecisionId(Id):
    """What a person or an officer decided, on its way into the journal."""

    __slots__ = ()
    prefix = "dec"


class OrderId(Id):
    """A pack of credits that somebody pays for."""

    __slots__ = ()
    prefix = "ord"


class EntryId(Id):
    """A line in the journal of money."""

    __slots__ = ()
    prefix = "ent"


class CodeId(Id):
    """A code for one use that an e-mail carries (never its text)."""

    __slots__ = ()
    prefix = "cod"


class ConsentId(Id):
    """One consent, from when it was given until it was withdrawn."""

    __slots__ = ()
    prefix = "con"


class NoticeId(Id):
    """An e-mail in the outbox."""

    __slots__ = ()
    prefix = "ntc"


class EventId(Id):
    """Something that happened to a person's things."""

    __slots__ = ()
    prefix = "evt"


class WebhookId(Id):
    """Where a person's events are sent."""

    __slots__ = ()
    prefix = "whk"


class TicketId(Id):
    """A question to support, with its answers."""

    __slots__ = ()
    prefix = "tkt"


def digits(ids: Iterable[Id]) -> str:
    """For a parameter that is cast to uuid[]; the identifiers were checked. One text is sent much faster than a list of
    them, of which each is looked through for what must be escaped."""
    return f"{{{','.join([id.digits for id in ids])}}}"
