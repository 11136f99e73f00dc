"""Support's part of the interface of governance; see `governance.api`."""

from typing import Protocol

from governance.ids import SubjectId, TicketId
from governance.model import Page
from governance.support.model import NewMessage, Ticket


class SupportApi(Protocol):
    """Tickets. With `owner` only that person's (`NotFound` for others'), without for support."""

    async def open_ticket(self, owner: SubjectId, new: NewMessage) -> Ticket:
        """Repeated with the same message, the same ticket. `Gone` when erased, `NotFound` for texts that are not this
        person's."""

    async def write_to_ticket(self, id: TicketId, new: NewMessage, owner: SubjectId | None = None) -> Ticket:
        """A message of the person opens the ticket again, one of support answers it. `Conflict` for too many."""

    async def close_ticket(self, id: TicketId, owner: SubjectId | None = None) -> Ticket:
        """Idempotent; another message opens it again."""

    async def ticket(self, id: TicketId, owner: SubjectId | None = None) -> Ticket:
        """With its messages."""

    async def tickets(self, owner: SubjectId, after: str | None = None, limit: int = 50) -> Page[Ticket]:
        """Newest first, without messages."""

    async def open_tickets(self, after: str | None = None, limit: int = 50) -> Page[Ticket]:
        """What waits for support, oldest first."""
