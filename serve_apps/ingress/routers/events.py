"""`/v1/events`: what happened, as a list or as a stream that can be taken up again."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request, Response

from governance.errors import NotFound
from governance.ids import ArtifactId, Id, JobId, OrderId, RequestId, TicketId
from serve_apps.ingress.auth import EventsCaller
from serve_apps.ingress.errors import Invalid
from serve_apps.ingress.following import follow
from serve_apps.ingress.pages import Limit
from serve_apps.ingress.schemas.common import problems
from serve_apps.ingress.schemas.events import EventsAnswer, event_answer
from serve_apps.ingress.services import Parts
from serve_apps.ingress.streaming import EventStream

router = APIRouter(prefix="/v1/events", tags=["events"])

LARGEST = 2**63 - 1
KINDS: tuple[type[Id], ...] = (JobId, ArtifactId, RequestId, OrderId, TicketId)
STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Events `id`, `event`, `data`, the latter as in `GET /v1/events`",
        "content": {
            "text/event-stream": {
                "schema": {"type": "string"},
                "example": 'id: 4711\nevent: training.progress\ndata: {"training":"job_01…","progress":0.45}\n\n',
            }
        },
    }
}
Number = Annotated[int, Query(ge=0, le=LARGEST, description="Events with greater numbers.", examples=[0])]
About = Annotated[
    str | None,
    Query(description="Of one training, artifact, request or order alone: its id.", max_length=64),
]


@router.get("", responses=problems())
async def list_events(
    caller: EventsCaller, parts: Parts, after: Number = 0, about: About = None, limit: Limit = 50
) -> EventsAnswer:
    """Your events of the last 30 days, oldest first."""
    found = await parts.governance.happened(caller.id, after, _about(about), limit)
    return EventsAnswer(data=[event_answer(one) for one in found], next=found[-1].number if found else after)


@router.get("/stream", response_class=Response, responses=problems(429) | STREAM)
async def stream_events(
    request: Request,
    caller: EventsCaller,
    parts: Parts,
    last: Annotated[str | None, Header(alias="Last-Event-ID", max_length=32, examples=["4711"])] = None,
    about: About = None,
) -> Response:
    """Your events as they happen. With `Last-Event-ID`, which browsers send by themselves, it goes on after that one
    and leaves none out; without, it begins now. It ends after ten minutes: connect again."""
    after = await parts.governance.event_head() if last is None else _number(last)
    source = follow(parts, caller.id, after, _about(about))
    return EventStream(request, source)


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > LARGEST:
        raise Invalid("`Last-Event-ID` is the `id` of an event of this stream", code="invalid_cursor")
    return int(text)


def _about(text: str | None) -> UUID | None:
    if text is None:
        return None
    for kind in KINDS:
        if text.startswith(f"{kind.prefix}_"):
            try:
                return kind(text).uuid
            except NotFound:
                break
    detail = "`about` is the id of a training, an artifact, a request or an order"
    raise Invalid(detail, code="invalid_id", param="about")
