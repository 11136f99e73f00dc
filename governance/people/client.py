"""People through the actor's handle: `api.PeopleApi` for `governance.client.GovernanceClient`."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
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


class PeopleClient:
    """Implements `api.PeopleApi`; see there."""

    async def _call(self, name: str, *args: Any, **options: Any) -> Any:
        """The answer of the actor; `GovernanceClient` asks it."""
        raise AssertionError("PeopleClient is a part of GovernanceClient")

    async def claim_notices(self, limit: int = 20) -> Sequence[Notice]:
        answer: Sequence[Notice] = await self._call("claim_notices", limit)
        return answer

    async def notice_sent(self, id: NoticeId, attempt: int) -> None:
        await self._call("notice_sent", id, attempt)

    async def notice_dropped(self, id: NoticeId, attempt: int) -> None:
        await self._call("notice_dropped", id, attempt)

    async def notice_postponed(self, id: NoticeId, attempt: int) -> None:
        await self._call("notice_postponed", id, attempt)

    async def give_role(self, subject: SubjectId, role: Role) -> None:
        await self._call("give_role", subject, role)

    async def access_refused(self, refusal: Refusal) -> None:
        await self._call("access_refused", refusal)

    async def send_code(self, subject: SubjectId, kind: CodeKind) -> None:
        await self._call("send_code", subject, kind)

    async def code(self, id: CodeId, kind: CodeKind) -> Code:
        answer: Code = await self._call("code", id, kind)
        return answer

    async def confirm_address(self, id: CodeId) -> None:
        await self._call("confirm_address", id)

    async def reset_password(self, id: CodeId, password_hash: str) -> None:
        await self._call("reset_password", id, password_hash)

    async def change_password(self, subject: SubjectId, password_hash: str, session: UUID | None = None) -> None:
        await self._call("change_password", subject, password_hash, session)

    async def count_attempt(self, email_hash: bytes, limit: int, window_s: float) -> datetime | None:
        answer: datetime | None = await self._call("count_attempt", email_hash, limit, window_s)
        return answer

    async def forget_attempts(self, email_hash: bytes) -> None:
        await self._call("forget_attempts", email_hash)

    async def refresh_session(self, token_hash: bytes, pair: Sequence[NewToken]) -> bool:
        answer: bool = await self._call("refresh_session", token_hash, pair)
        return answer

    async def api_keys(self, subject: SubjectId) -> Sequence[Token]:
        answer: Sequence[Token] = await self._call("api_keys", subject)
        return answer

    async def revoke_api_key(self, subject: SubjectId, id: TokenId) -> None:
        await self._call("revoke_api_key", subject, id)

    async def give_consent(self, subject: SubjectId, purpose: ConsentPurpose) -> Consent:
        answer: Consent = await self._call("give_consent", subject, purpose)
        return answer

    async def withdraw_consent(self, subject: SubjectId, purpose: ConsentPurpose) -> Consent:
        answer: Consent = await self._call("withdraw_consent", subject, purpose)
        return answer

    async def consents(self, subject: SubjectId) -> Sequence[Consent]:
        answer: Sequence[Consent] = await self._call("consents", subject)
        return answer

    async def send_newsletter(self, name: str, facts: Mapping[str, Fact]) -> int:
        answer: int = await self._call("send_newsletter", name, facts)
        return answer

    async def announce(self, new: NewAnnouncement) -> Announcement:
        answer: Announcement = await self._call("announce", new)
        return answer

    async def announcements(self) -> Sequence[Announcement]:
        answer: Sequence[Announcement] = await self._call("announcements")
        return answer

    async def take_effect(self, version: str) -> Announcement:
        answer: Announcement = await self._call("take_effect", version)
        return answer
