"""What the ingress asks of governance about people; part of `governance.api.Governance`."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from governance.ids import CodeId, NoticeId, SubjectId, TokenId
from governance.model import NewToken, Role, Token
from governance.people.model import (
    Announcement,
    Code,
    CodeKind,
    Consent,
    ConsentPurpose,
    Fact,
    NewAnnouncement,
    Notice,
    Refusal,
)


class PeopleApi(Protocol):
    """Notices, standing, sessions and keys, consents, announcements."""

    async def claim_notices(self, limit: int = 20) -> Sequence[Notice]:
        """Due e-mails, oldest first, lent to the caller for two minutes: each to one caller."""

    async def notice_sent(self, id: NoticeId, attempt: int) -> None:
        """The relay took it. Nothing happens when it is another's by now."""

    async def notice_dropped(self, id: NoticeId, attempt: int) -> None:
        """There is nobody to send it to."""

    async def notice_postponed(self, id: NoticeId, attempt: int) -> None:
        """The relay did not take it: due again, each time twice as late, at most an hour."""

    async def give_role(self, subject: SubjectId, role: Role) -> None:
        """Tokens allow from now on what the role allows. `NotFound` without an account."""

    async def access_refused(self, refusal: Refusal) -> None:
        """Into the audit log."""

    async def send_code(self, subject: SubjectId, kind: CodeKind) -> None:
        """By e-mail; older codes of the kind are good for nothing any more. `NotFound` without an account."""

    async def code(self, id: CodeId, kind: CodeKind) -> Code:
        """`NotFound` when it is unknown, over, or for something else."""

    async def confirm_address(self, id: CodeId) -> None:
        """The address is known to be theirs; the same code may say so again. `NotFound`."""

    async def reset_password(self, id: CodeId, password_hash: str) -> None:
        """Ends every session, key and lock-out. `NotFound`; `Conflict` when the code was used."""

    async def change_password(self, subject: SubjectId, password_hash: str, session: UUID | None = None) -> None:
        """Ends every other session and key, and tells the person."""

    async def count_attempt(self, email_hash: bytes, limit: int, window_s: float) -> datetime | None:
        """Counts one try of a password, for all replicas together; until when the address is locked out, if it is."""

    async def forget_attempts(self, email_hash: bytes) -> None:
        """The right password was given."""

    async def refresh_session(self, token_hash: bytes, pair: Sequence[NewToken]) -> bool:
        """Whether the refresh token was good, and is exchanged for the pair. One that comes again ends its session."""

    async def api_keys(self, subject: SubjectId) -> Sequence[Token]:
        """Newest first."""

    async def revoke_api_key(self, subject: SubjectId, id: TokenId) -> None:
        """`NotFound` when it is not theirs."""

    async def give_consent(self, subject: SubjectId, purpose: ConsentPurpose) -> Consent:
        """The live one, when there is one already. `Gone`."""

    async def withdraw_consent(self, subject: SubjectId, purpose: ConsentPurpose) -> Consent:
        """As it ended, also when it ended before. `NotFound` when it was never given."""

    async def consents(self, subject: SubjectId) -> Sequence[Consent]:
        """All that were ever given, newest first."""

    async def send_newsletter(self, name: str, facts: Mapping[str, Fact]) -> int:
        """Queued for everybody with a live consent, once a name; gives how many are new."""

    async def announce(self, new: NewAnnouncement) -> Announcement:
        """Tells everybody. `Conflict` when the version was announced with another text."""

    async def announcements(self) -> Sequence[Announcement]:
        """The newest first."""

    async def take_effect(self, version: str) -> Announcement:
        """`Conflict` until 14 days after the last notice left. `NotFound`."""
