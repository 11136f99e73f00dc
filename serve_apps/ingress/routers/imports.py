"""`POST /v1/imports`: moves in from another installation."""

from typing import Any

from fastapi import APIRouter, Request

from serve_apps.ingress.auth import PhotosCaller
from serve_apps.ingress.errors import Invalid
from serve_apps.ingress.idempotency import IdempotencyKey, once, perform
from serve_apps.ingress.imports import take_over
from serve_apps.ingress.multipart import read_form
from serve_apps.ingress.schemas.common import problems
from serve_apps.ingress.schemas.imports import ImportAnswer
from serve_apps.ingress.services import Parts

router = APIRouter(prefix="/v1", tags=["rights"])

FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["archive"],
                    "properties": {"archive": {"type": "string", "format": "binary", "description": "An export's ZIP"}},
                }
            }
        },
    }
}


@router.post("/imports", status_code=201, responses=problems(409, 413), openapi_extra=FORM)
async def take_in(request: Request, caller: PhotosCaller, parts: Parts, key: IdempotencyKey = None) -> ImportAnswer:
    """Takes over photos, captions, prompts, models and pictures of an export, with what was made from what. When
    anything in it is wrong nothing is kept."""
    uploads = parts.settings.uploads
    limits = uploads.model_copy(update={"max_photo_bytes": uploads.max_request_bytes})
    form = await read_form(request.headers.get("content-type", ""), request.stream(), limits)
    try:
        archives = [part for part in form if part.name == "archive"]
        if len(archives) != 1:
            raise Invalid("send one ZIP as a file field named `archive`", code="no_archive")
        archive = archives[0].data
        this = once(parts, caller.id, key, "/v1/imports", archive)

        async def work() -> str:
            made = await take_over(parts, caller.id, archive)
            return ",".join(f"{old}={new}" for old, new in made.items())

        async def undo(_: str) -> None:
            """Both were the person's own archive; a second copy expires with the first."""

        reference = await perform(parts, this, work, undo)
    finally:
        for part in form:
            part.wipe()
    return ImportAnswer(ids=dict(pair.split("=", 1) for pair in reference.split(",") if pair))
