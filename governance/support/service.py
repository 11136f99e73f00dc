"""Support in process: `api.SupportApi` over the parts of this house."""

from governance.ids import SubjectId, TicketId
from governance.model import Page
from governance.support.model import NewMessage, Ticket
from governance.support.tickets import Tickets


class SupportService:
    """Implements `api.SupportApi`; see there."""

    support: Tickets

    async def open_ticket(self, owner: SubjectId, new: NewMessage) -> Ticket:
        return await self.support.open(owner, new)

    async def write_to_ticket(self, id: TicketId, new: NewMessage, owner: SubjectId | None = None) -> Ticket:
        return await self.support.write(id, new, owner)

    async def close_ticket(self, id: TicketId, owner: SubjectId | None = None) -> Ticket:
        return await self.support.close(id, owner)

    async def ticket(self, id: TicketId, owner: SubjectId | None = None) -> Ticket:
        return await self.support.get(id, owner)

    async def tickets(self, owner: SubjectId, after: str | None = None, limit: int = 50) -> Page[Ticket]:
        return await self.support.of(owner, after, limit)

    async def open_tickets(self, after: str | None = None, limit: int = 50) -> Page[Ticket]:
        return await self.support.queue(after, limit)
