"""`/v1/support`: questions reach a person (P3.2, P12.1)."""

from typing import Any

from fastapi import APIRouter, Request, Response

from governance.errors import NotFound
from governance.ids import ArtifactId, SubjectId, TicketId
from governance.model import Purpose
from serve_apps.ingress import support
from serve_apps.ingress.auth import AccountCaller, SupportCaller
from serve_apps.ingress.idempotency import IdempotencyKey, once, perform
from serve_apps.ingress.multipart import read_form
from serve_apps.ingress.pages import TicketCursor
from serve_apps.ingress.schemas.common import ListOf, problems
from serve_apps.ingress.schemas.support import AnswerBody, TicketAnswer, ticket_answer
from serve_apps.ingress.services import Parts, Services

router = APIRouter(prefix="/v1/support", tags=["support"])

FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["message"],
                    "properties": {
                        "message": {
                            "type": "string",
                            "minLength": 1,
                            "maxLength": support.LONGEST_TEXT,
                            "examples": ["Hvordan sletter jeg en model?"],
                        },
                        "attachments": {
                            "type": "array",
                            "maxItems": support.MOST_ATTACHMENTS,
                            "items": {"type": "string", "format": "binary", "description": "Pictures, or UTF-8 texts"},
                        },
                    },
                }
            }
        },
    }
}


@router.post("/tickets", status_code=201, responses=problems(409, 413), openapi_extra=FORM)
async def open_ticket(
    request: Request, caller: AccountCaller, response: Response, parts: Parts, key: IdempotencyKey = None
) -> TicketAnswer:
    """Asks a question; the ticket's number is in the answer. Pictures lose their metadata."""
    answer = await _send(request, caller.id, parts, None, key)
    response.headers["Location"] = f"/v1/support/tickets/{answer.id}"
    return answer


@router.get("/tickets", responses=problems())
async def list_tickets(caller: AccountCaller, parts: Parts, cursor: TicketCursor) -> ListOf[TicketAnswer]:
    """Your tickets, newest first."""
    page = await parts.governance.tickets(caller.id, cursor.after, cursor.limit)
    return ListOf(data=[ticket_answer(one) for one in page.items], next=page.next)


@router.get("/tickets/{ticket_id}", responses=problems(404))
async def read_ticket(ticket_id: str, caller: AccountCaller, parts: Parts) -> TicketAnswer:
    """With its messages; attachments are read at `/v1/artifacts/{id}/content`."""
    ticket = await parts.governance.ticket(TicketId(ticket_id), caller.id)
    return await support.shown(parts, ticket, Purpose.DELIVERY)


@router.post("/tickets/{ticket_id}/messages", status_code=201, responses=problems(404, 409, 413), openapi_extra=FORM)
async def write_to_ticket(
    ticket_id: str, request: Request, caller: AccountCaller, parts: Parts, key: IdempotencyKey = None
) -> TicketAnswer:
    """Another message, which opens the ticket again."""
    return await _send(request, caller.id, parts, TicketId(ticket_id), key)


@router.delete("/tickets/{ticket_id}", responses=problems(404))
async def close_ticket(ticket_id: str, caller: AccountCaller, parts: Parts) -> TicketAnswer:
    """It needs no answer any more. Its texts stay until you erase them, a year at most."""
    ticket = await parts.governance.close_ticket(TicketId(ticket_id), caller.id)
    return await support.shown(parts, ticket, Purpose.DELIVERY)


@router.get("/queue", responses=problems())
async def read_queue(caller: SupportCaller, parts: Parts, cursor: TicketCursor) -> ListOf[TicketAnswer]:
    """For support: what waits for an answer, oldest first."""
    page = await parts.governance.open_tickets(cursor.after, cursor.limit)
    return ListOf(data=[ticket_answer(one) for one in page.items], next=page.next)


@router.get("/queue/{ticket_id}", responses=problems(404))
async def read_queued(ticket_id: str, caller: SupportCaller, parts: Parts) -> TicketAnswer:
    """For support: one ticket, and of its person nothing else."""
    return await support.shown(parts, await parts.governance.ticket(TicketId(ticket_id)), Purpose.SUPPORT)


@router.post("/queue/{ticket_id}/answers", status_code=201, responses=problems(404, 409))
async def answer_ticket(
    ticket_id: str, body: AnswerBody, caller: SupportCaller, parts: Parts, key: IdempotencyKey = None
) -> TicketAnswer:
    """For support: the answer, which the person is told of."""
    this = once(parts, caller.id, key, f"/v1/support/queue/{ticket_id}/answers", body.message.encode())

    async def work() -> str:
        ticket = await parts.governance.ticket(TicketId(ticket_id))
        return (await support.answer(parts, ticket, body.message)).id

    id = TicketId(await perform(parts, this, work, _keep))
    return await support.shown(parts, await parts.governance.ticket(id), Purpose.SUPPORT)


@router.get(
    "/queue/{ticket_id}/attachments/{artifact_id}",
    response_class=Response,
    responses=problems(404)
    | {200: {"description": "The bytes", "content": {"application/octet-stream": {"schema": {"type": "string"}}}}},
)
async def read_attachment(ticket_id: str, artifact_id: str, caller: SupportCaller, parts: Parts) -> Response:
    """For support: one attachment of that ticket."""
    ticket = await parts.governance.ticket(TicketId(ticket_id))
    if not any(artifact_id in message.attachments for message in ticket.messages):
        raise NotFound()
    async with parts.holder.plaintext(ArtifactId(artifact_id), Purpose.SUPPORT) as data:
        return Response(bytes(data), media_type="application/octet-stream")


async def _send(
    request: Request, owner: SubjectId, parts: Services, ticket: TicketId | None, key: str | None
) -> TicketAnswer:
    form = await read_form(request.headers.get("content-type", ""), request.stream(), parts.settings.uploads)
    try:
        sent = await support.send(parts, owner, form, ticket, key)
    finally:
        for part in form:
            part.wipe()
    return await support.shown(parts, sent, Purpose.DELIVERY)


async def _keep(_: str) -> None:
    """Two answers at the same moment are two answers."""
