"""Tickets: whose they are, whom they wait for, and that they go with their person."""

import asyncio
from dataclasses import replace

import pytest

from governance.errors import Gone, NotFound
from governance.events.model import EventType
from governance.holder import Holder
from governance.ids import ArtifactId, SubjectId, TicketId
from governance.model import Kind, NewArtifact, Purpose
from governance.people.model import Template
from governance.service import GovernanceService
from governance.support.model import Author, NewMessage, TicketState
from tests.support.governance import completed, photo, sign_up


async def text(holder: Holder, owner: SubjectId, kind: Kind = Kind.MESSAGE) -> ArtifactId:
    return (await holder.write(NewArtifact(kind, (owner,), Purpose.SUPPORT), b"hello")).id


async def test_a_ticket_waits_for_one_side_and_then_for_the_other(service: GovernanceService, holder: Holder) -> None:
    owner = (await sign_up(service)).id
    asked = NewMessage(Author.CLIENT, await text(holder, owner), (await text(holder, owner, Kind.ATTACHMENT),))
    ticket = await service.open_ticket(owner, asked)
    assert [one.id for one in (await service.open_tickets()).items] == [ticket.id]
    answered = await service.write_to_ticket(ticket.id, NewMessage(Author.SUPPORT, await text(holder, owner)))
    assert answered.state is TicketState.ANSWERED
    assert [one.author for one in answered.messages] == [Author.CLIENT, Author.SUPPORT]
    assert answered.messages[0].attachments == asked.attachments
    assert (await service.open_tickets()).items == ()
    await service.parts.events.log.publish()
    [told] = await service.happened(owner, about=ticket.id.uuid)
    assert (told.type, told.data["ticket"]) == (EventType.TICKET_ANSWERED, ticket.id)
    [letter] = await service.claim_notices(10)
    assert (letter.subject, letter.template, letter.facts) == (owner, Template.TICKET_ANSWERED, {"ticket": ticket.id})
    for _ in range(2):
        assert (await service.close_ticket(ticket.id, owner)).state is TicketState.CLOSED
    again = NewMessage(Author.CLIENT, await text(holder, owner))
    assert (await service.write_to_ticket(ticket.id, again, owner)).state is TicketState.OPEN


async def test_a_call_that_is_repeated_opens_one_ticket(service: GovernanceService, holder: Holder) -> None:
    owner = (await sign_up(service)).id
    asked = NewMessage(Author.CLIENT, await text(holder, owner))
    first, again = await asyncio.gather(service.open_ticket(owner, asked), service.open_ticket(owner, asked))
    assert first == again
    assert (await service.tickets(owner)).items == (replace(first, messages=()),)
    assert len(first.messages) == 1


async def test_what_is_anothers_is_not_there(service: GovernanceService, holder: Holder) -> None:
    owner, other = (await sign_up(service)).id, (await sign_up(service)).id
    mine, theirs = [NewMessage(Author.CLIENT, await text(holder, one)) for one in (owner, other)]
    ticket = await service.open_ticket(owner, mine)
    for call in (
        service.ticket(ticket.id, other),
        service.close_ticket(ticket.id, other),
        service.write_to_ticket(ticket.id, theirs, other),
        service.ticket(TicketId.new()),
    ):
        with pytest.raises(NotFound):
            await call
    assert (await service.tickets(other)).items == ()


async def test_only_messages_of_the_person_themself_are_taken(service: GovernanceService, holder: Holder) -> None:
    owner, other = (await sign_up(service)).id, (await sign_up(service)).id
    picture = await photo(holder, owner)
    for wrong in (await text(holder, other), picture.id, ArtifactId.new()):
        with pytest.raises(NotFound):
            await service.open_ticket(owner, NewMessage(Author.CLIENT, wrong))
    erased = await text(holder, owner)
    await service.erase(erased, owner=owner)
    with pytest.raises(Gone):
        await service.open_ticket(owner, NewMessage(Author.CLIENT, erased))
    assert (await service.tickets(owner)).items == ()


async def test_pages(service: GovernanceService, holder: Holder) -> None:
    owner = (await sign_up(service)).id
    made = [await service.open_ticket(owner, NewMessage(Author.CLIENT, await text(holder, owner))) for _ in range(3)]
    first = await service.tickets(owner, limit=2)
    rest = await service.tickets(owner, first.next, limit=2)
    assert [one.id for one in (*first.items, *rest.items)] == [one.id for one in reversed(made)]
    queue = await service.open_tickets(limit=2)
    assert [one.id for one in (*queue.items, *(await service.open_tickets(queue.next)).items)] == [
        one.id for one in made
    ]


async def test_they_go_with_their_person(service: GovernanceService, holder: Holder) -> None:
    owner = (await sign_up(service)).id
    ticket = await service.open_ticket(owner, NewMessage(Author.CLIENT, await text(holder, owner)))
    dossier = await service.dossier(owner)
    assert {"tickets", "ticket_messages"} <= set(dossier.records)
    request = await service.erase(owner)
    await completed(service, request.id)
    with pytest.raises(NotFound):
        await service.ticket(ticket.id)
    with pytest.raises(Gone):
        await service.tickets(owner)
