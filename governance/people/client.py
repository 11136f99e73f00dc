"""People through the actor's handle: `api.PeopleApi` for `governance.client.GovernanceClient`."""

from collections.abc import Sequence
from typing import Any

from governance.ids import NoticeId
from governance.people.model import Notice


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
