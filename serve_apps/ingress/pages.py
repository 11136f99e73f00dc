"""Cursor pages: `{"data": […], "next": cursor or null}`; give `next` as `after` to go on."""

from typing import Annotated

from fastapi import Depends, Query

from governance.errors import NotFound
from governance.ids import EntryId, TicketId
from governance.model import ArtifactId, Id, JobId, OrderId, RequestId
from serve_apps.ingress.errors import Invalid

MAX_LIMIT = 100


class Cursor:
    """Where a listing goes on and how many items it gives; `kind` is the kind of id that it counts by."""

    def __init__(self, kind: type[Id], after: str | None, limit: int) -> None:
        if after is not None:
            _check(kind, after)
        self.after = after
        self.limit = limit


def _check(kind: type[Id], after: str) -> None:
    try:
        kind(after).uuid  # noqa: B018 - parsing is the check
    except NotFound:
        raise Invalid("`after` is no cursor of this listing", code="invalid_cursor", param="after") from None


After = Annotated[str | None, Query(description="`next` of the page before.")]
Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT)]


def _artifact_cursor(after: After = None, limit: Limit = 50) -> Cursor:
    return Cursor(ArtifactId, after, limit)


def _job_cursor(after: After = None, limit: Limit = 50) -> Cursor:
    return Cursor(JobId, after, limit)


def _order_cursor(after: After = None, limit: Limit = 50) -> Cursor:
    return Cursor(OrderId, after, limit)


def _entry_cursor(after: After = None, limit: Limit = 50) -> Cursor:
    return Cursor(EntryId, after, limit)


def _request_cursor(after: After = None, limit: Limit = 50) -> Cursor:
    return Cursor(RequestId, after, limit)


def _ticket_cursor(after: After = None, limit: Limit = 50) -> Cursor:
    return Cursor(TicketId, after, limit)


ArtifactCursor = Annotated[Cursor, Depends(_artifact_cursor)]
JobCursor = Annotated[Cursor, Depends(_job_cursor)]
OrderCursor = Annotated[Cursor, Depends(_order_cursor)]
EntryCursor = Annotated[Cursor, Depends(_entry_cursor)]
TicketCursor = Annotated[Cursor, Depends(_ticket_cursor)]
RequestCursor = Annotated[Cursor, Depends(_request_cursor)]
