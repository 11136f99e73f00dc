"""Questions to support and their answers."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from governance.support.model import Ticket
from serve_apps.ingress.schemas.common import Answer, Body, Stripped

Text = Annotated[str, Stripped, StringConstraints(min_length=1, max_length=20_000)]
MOMENT = ["2026-01-31T12:00:00Z"]
ARTIFACTS = ["art_01a20baf9dd6707993b5dc044a7a3ac2"]


class AnswerBody(Body):
    """What support writes."""

    message: Text = Field(repr=False, examples=["Du kan slette en enkelt model under Mine modeller."])


class MessageAnswer(Answer):
    """`text` is null, and `attachments` lacks what was, when it was erased."""

    author: str = Field(examples=["client"])
    text: str | None = Field(repr=False, examples=["Hvordan sletter jeg en model?"])
    attachments: list[str] = Field(examples=[ARTIFACTS])
    at: datetime = Field(examples=MOMENT)


class TicketAnswer(Answer):
    """`id` is the ticket's number. `state`: `open` waits for support, `answered` for you, `closed` for nobody."""

    object: str = Field(default="ticket", examples=["ticket"])
    id: str = Field(examples=["tkt_01a20baf9dd6707993b5dc044a7a3ac2"])
    state: str = Field(examples=["open"])
    created_at: datetime = Field(examples=MOMENT)
    changed_at: datetime = Field(examples=MOMENT)
    messages: list[MessageAnswer] = Field(description="Oldest first; empty in listings.")


def ticket_answer(ticket: Ticket, messages: list[MessageAnswer] | None = None) -> TicketAnswer:
    return TicketAnswer(
        id=ticket.id,
        state=ticket.state,
        created_at=ticket.created_at,
        changed_at=ticket.changed_at,
        messages=messages or [],
    )
