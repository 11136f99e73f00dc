"""People in process: `api.PeopleApi` over the parts of this house."""

from collections.abc import Sequence
from dataclasses import dataclass

from governance.ids import NoticeId
from governance.people.model import Notice
from governance.people.outbox import Outbox


@dataclass(frozen=True, slots=True)
class PeopleParts:
    """Everything that dealings with people consist of."""

    outbox: Outbox


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
