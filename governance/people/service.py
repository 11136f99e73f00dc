"""People in process: `api.PeopleApi` over the parts of this house."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from governance.ids import CodeId, NoticeId, SubjectId, TokenId
from governance.model import NewToken, Role, Token
from governance.people.announcements import Announcements
from governance.people.consents import Consents
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
from governance.people.outbox import Outbox
from governance.people.sessions import Sessions
from governance.people.standing import Standing


@dataclass(frozen=True, slots=True)
class PeopleParts:
    """Everything that dealings with people consist of."""

    announcements: Announcements
    consents: Consents
    outbox: Outbox
    sessions: Sessions
    standing: Standing

    async def tidy(self) -> None:
        """A chore: forgets what is over."""
        await self.outbox.tidy()
        await self.standing.tidy()


class PeopleService:
    """Implements `api.PeopleApi`; see there."""

    people: PeopleParts

    async def claim_notices(self, limit: int = 20) -> Sequence[Notice]:
        return await self.people.outbox.claim(limit)

    async def notice_sent(self, id: NoticeId, attempt: int) -> None:
        await self.people.outbox.sent(id, attempt)

    async def notice_dropped(self, id: NoticeId, attempt: int) -> None:
        await self.people.outbox.dropped(id, attempt)

    async def notice_postponed(self, id: NoticeId, attempt: int) -> None:
        await self.people.outbox.postpone(id, attempt)

    async def give_role(self, subject: SubjectId, role: Role) -> None:
        await self.people.standing.give_role(subject, role)

    async def access_refused(self, refusal: Refusal) -> None:
        await self.people.standing.refused(refusal)

    async def send_code(self, subject: SubjectId, kind: CodeKind) -> None:
        await self.people.standing.send_code(subject, kind)

    async def code(self, id: CodeId, kind: CodeKind) -> Code:
        return await self.people.standing.code(id, kind)

    async def confirm_address(self, id: CodeId) -> None:
        await self.people.standing.confirm_address(id)

    async def reset_password(self, id: CodeId, password_hash: str) -> None:
        await self.people.standing.reset_password(id, password_hash)

    async def change_password(self, subject: SubjectId, password_hash: str, session: UUID | None = None) -> None:
        await self.people.standing.change_password(subject, password_hash, session)

    async def count_attempt(self, email_hash: bytes, limit: int, window_s: float) -> datetime | None:
        return await self.people.standing.count_attempt(email_hash, limit, window_s)

    async def forget_attempts(self, email_hash: bytes) -> None:
        await self.people.standing.forget_attempts(email_hash)

    async def refresh_session(self, token_hash: bytes, pair: Sequence[NewToken]) -> bool:
        return await self.people.sessions.refresh(token_hash, pair)

    async def api_keys(self, subject: SubjectId) -> Sequence[Token]:
        return await self.people.sessions.keys(subject)

    async def revoke_api_key(self, subject: SubjectId, id: TokenId) -> None:
        await self.people.sessions.revoke_key(subject, id)

    async def give_consent(self, subject: SubjectId, purpose: ConsentPurpose) -> Consent:
        return await self.people.consents.give(subject, purpose)

    async def withdraw_consent(self, subject: SubjectId, purpose: ConsentPurpose) -> Consent:
        return await self.people.consents.withdraw(subject, purpose)

    async def consents(self, subject: SubjectId) -> Sequence[Consent]:
        return await self.people.consents.of(subject)

    async def send_newsletter(self, name: str, facts: Mapping[str, Fact]) -> int:
        return await self.people.consents.send_newsletter(name, facts)

    async def announce(self, new: NewAnnouncement) -> Announcement:
        return await self.people.announcements.announce(new)

    async def announcements(self) -> Sequence[Announcement]:
        return await self.people.announcements.listed()

    async def take_effect(self, version: str) -> Announcement:
        return await self.people.announcements.take_effect(version)
