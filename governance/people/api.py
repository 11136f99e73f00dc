"""What the ingress asks of governance about people; part of `governance.api.Governance`."""

from collections.abc import Sequence
from typing import Protocol

from governance.ids import NoticeId
from governance.people.model import Notice


class PeopleApi(Protocol):
    """The outbox."""

    async def claim_notices(self, limit: int = 20) -> Sequence[Notice]:
        """Due e-mails, oldest first, lent to the caller for two minutes: each to one caller."""

    async def notice_sent(self, id: NoticeId, attempt: int) -> None:
        """The relay took it. Nothing happens when it is another's by now."""

    async def notice_dropped(self, id: NoticeId, attempt: int) -> None:
        """There is nobody to send it to."""

    async def notice_postponed(self, id: NoticeId, attempt: int) -> None:
        """The relay did not take it: due again, each time twice as late, at most an hour."""
