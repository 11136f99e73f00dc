"""`POST /v1/verify`: anyone may ask whether a picture was made here. Nothing of it is kept."""

import asyncio
from typing import Any

from fastapi import APIRouter, Request

from serve_apps.ingress.errors import Invalid
from serve_apps.ingress.multipart import Part, form_of
from serve_apps.ingress.photos import PhotoRefused, pixels
from serve_apps.ingress.schemas.common import problems
from serve_apps.ingress.schemas.verify import VerifyAnswer, verify_answer
from serve_apps.ingress.services import Parts, Services
from serve_apps.provenance.stamp import Origin

router = APIRouter(prefix="/v1", tags=["verify"])

FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["picture"],
                    "properties": {
                        "picture": {
                            "type": "string",
                            "format": "binary",
                            "description": "JPEG, PNG, WebP, AVIF, HEIC",
                        }
                    },
                }
            }
        },
    }
}


@router.post("/verify", responses=problems(413, 429), openapi_extra=FORM)
async def verify(request: Request, parts: Parts) -> VerifyAnswer:
    """Whether this picture was made here: by the mark in its pixels, and by the credentials in its file."""
    parts.verifications.take(parts.secrets.address_hash(request.client.host if request.client else ""))
    form = await form_of(request, parts.settings.uploads)
    try:
        return verify_answer(await asyncio.to_thread(_origin, parts, _picture(form)))
    except PhotoRefused as refusal:
        raise Invalid(refusal.detail, code=refusal.fault, param="picture") from None
    finally:
        for part in form:
            part.wipe()


def _picture(form: list[Part]) -> Part:
    pictures = [part for part in form if part.filename is not None]
    if len(pictures) != 1:
        raise Invalid("send one picture, as a file field named `picture`", code="not_one_picture", param="picture")
    return pictures[0]


def _origin(parts: Services, picture: Part) -> Origin:
    # Of any size: a small one may still carry credentials.
    found, media_type = pixels(picture.data, parts.settings.uploads.model_copy(update={"min_side": 1}))
    sizes = [tuple(int(side) for side in size.split("x")) for size in parts.settings.images.sizes]
    try:
        return parts.stamp.origin(picture.data, media_type, found, [(width, height) for width, height in sizes])
    finally:
        found.fill(0)
