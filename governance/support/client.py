"""Support through the actor's handle: `api.SupportApi` for `governance.client.GovernanceClient`."""

from typing import Any

from governance.ids import SubjectId, TicketId
from governance.model import Page
from governance.support.model import NewMessage, Ticket


class SupportClient:
    """Implements `api.SupportApi`; see there."""

    async def _call(self, name: str, *args: Any, **options: Any) -> Any:
        """The answer of the actor; `GovernanceClient` asks it."""
        raise AssertionError("SupportClient is a part of GovernanceClient")

    async def open_ticket(self, owner: SubjectId, new: NewMessage) -> Ticket:
        answer: Ticket = await self._call("open_ticket", owner, new)
        return answer

    async def write_to_ticket(self, id: TicketId, new: NewMessage, owner: SubjectId | None = None) -> Ticket:
        answer: Ticket = await self._call("write_to_ticket", id, new, owner)
        return answer

    async def close_ticket(self, id: TicketId, owner: SubjectId | None = None) -> Ticket:
        answer: Ticket = await self._call("close_ticket", id, owner)
        return answer

    async def ticket(self, id: TicketId, owner: SubjectId | None = None) -> Ticket:
        answer: Ticket = await self._call("ticket", id, owner)
        return answer

    async def tickets(self, owner: SubjectId, after: str | None = None, limit: int = 50) -> Page[Ticket]:
        answer: Page[Ticket] = await self._call("tickets", owner, after, limit)
        return answer

    async def open_tickets(self, after: str | None = None, limit: int = 50) -> Page[Ticket]:
        answer: Page[Ticket] = await self._call("open_tickets", after, limit)
        return answer
