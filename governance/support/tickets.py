"""Tickets: opened, written to, answered, closed."""

from dataclasses import replace

from governance.clock import Clock
from governance.errors import Conflict, Gone, NotFound
from governance.ids import SubjectId, TicketId
from governance.ledger import artifacts, notices, subjects, tickets
from governance.ledger.database import Connection, Database
from governance.model import ArtifactState, Kind, Page
from governance.people.model import NewNotice, Template
from governance.support.model import Author, NewMessage, Ticket, TicketState

MOST_MESSAGES = 200
_PAGE_LIMIT = 200
_KINDS = {Kind.MESSAGE, Kind.ATTACHMENT}


class Tickets:
    """See `api.SupportApi` for what each call promises."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def open(self, owner: SubjectId, new: NewMessage) -> Ticket:
        async with self._database.transaction() as conn:
            await subjects.living(conn, owner)
            # Named after the message that opens it, so that a repeated call finds it.
            ticket = Ticket(TicketId.of(new.text.uuid), owner, TicketState.OPEN, self._clock(), self._clock())
            await tickets.insert(conn, ticket.id, owner, self._clock())
            await self._add(conn, ticket, new)
            return await _whole(conn, ticket.id)

    async def write(self, id: TicketId, new: NewMessage, owner: SubjectId | None) -> Ticket:
        async with self._database.transaction() as conn:
            # The person first, as an erasure locks them, then what is theirs.
            await subjects.living(conn, await _owner_of(conn, id, owner))
            ticket = await _owned(conn, id, owner)
            if len(await tickets.messages(conn, id)) >= MOST_MESSAGES:
                raise Conflict("this ticket has too many messages: open another one")
            await self._add(conn, ticket, new)
            state = TicketState.OPEN if new.author is Author.CLIENT else TicketState.ANSWERED
            await tickets.set_state(conn, id, state, self._clock())
            return await _whole(conn, id)

    async def _add(self, conn: Connection, ticket: Ticket, new: NewMessage) -> None:
        for id in (new.text, *new.attachments):
            found = await artifacts.get(conn, id)
            if found is None or ticket.owner not in found.subjects or found.kind not in _KINDS:
                raise NotFound(f"there is no {id}")
            if found.state is not ArtifactState.LIVE:
                raise Gone()
        await tickets.add_message(conn, ticket, new, self._clock())
        if new.author is Author.SUPPORT:
            told = NewNotice(ticket.owner, Template.TICKET_ANSWERED, str(new.text.uuid), {"ticket": ticket.id})
            await notices.queue(conn, told, self._clock())

    async def close(self, id: TicketId, owner: SubjectId | None) -> Ticket:
        async with self._database.transaction() as conn:
            await _owned(conn, id, owner)
            await tickets.set_state(conn, id, TicketState.CLOSED, self._clock())
            return await _whole(conn, id)

    async def get(self, id: TicketId, owner: SubjectId | None) -> Ticket:
        async with self._database.transaction() as conn:
            await _owned(conn, id, owner)
            return await _whole(conn, id)

    async def of(self, owner: SubjectId, after: str | None, limit: int) -> Page[Ticket]:
        wanted = max(1, min(limit, _PAGE_LIMIT))
        async with self._database.transaction() as conn:
            await subjects.living(conn, owner)
            found = await tickets.of_subject(conn, owner, TicketId(after) if after else None, wanted + 1)
        page = tuple(found[:wanted])
        return Page(page, page[-1].id if len(found) > wanted else None)

    async def queue(self, after: str | None, limit: int) -> Page[Ticket]:
        wanted = max(1, min(limit, _PAGE_LIMIT))
        async with self._database.transaction() as conn:
            found = await tickets.open_ones(conn, TicketId(after) if after else None, wanted + 1)
        page = tuple(found[:wanted])
        return Page(page, page[-1].id if len(found) > wanted else None)


async def _whole(conn: Connection, id: TicketId) -> Ticket:
    found = await tickets.get(conn, id)
    assert found is not None, "it is there, and locked"
    return replace(found, messages=tuple(await tickets.messages(conn, id)))


async def _owner_of(conn: Connection, id: TicketId, owner: SubjectId | None) -> SubjectId:
    found = await tickets.owner_of(conn, id)
    if found is None or owner not in (None, found):
        raise NotFound()
    return found


async def _owned(conn: Connection, id: TicketId, owner: SubjectId | None) -> Ticket:
    found = await tickets.get(conn, id)
    if found is None or owner not in (None, found.owner):
        raise NotFound()
    return found
