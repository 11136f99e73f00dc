"""`/v1/uploads`: photos in, and what would be said of them."""

from typing import Any

from fastapi import APIRouter, Request

from serve_apps.ingress.auth import PhotosCaller
from serve_apps.ingress.idempotency import IdempotencyKey
from serve_apps.ingress.multipart import form_of
from serve_apps.ingress.schemas.artifacts import PhotosAnswer, artifact_answer
from serve_apps.ingress.schemas.checks import CheckedPhotos, checked_photos
from serve_apps.ingress.schemas.common import problems
from serve_apps.ingress.services import Parts
from serve_apps.ingress.uploads import look_at, take_in

router = APIRouter(prefix="/v1/uploads", tags=["uploads"])

FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["photos"],
                    "properties": {
                        "photos": {
                            "type": "array",
                            "minItems": 1,
                            "items": {
                                "type": "string",
                                "format": "binary",
                                "description": "JPEG, PNG, WebP, AVIF, HEIC",
                            },
                        }
                    },
                }
            }
        },
    }
}


@router.post("", status_code=201, responses=problems(409, 413), openapi_extra=FORM)
async def upload(request: Request, caller: PhotosCaller, parts: Parts, key: IdempotencyKey = None) -> PhotosAnswer:
    """Takes in one or more photos. Each is oriented, stripped of all metadata and encoded anew, in memory. When one is
    refused none is kept, and `errors` says which and why."""
    form = await form_of(request, parts.settings.uploads)
    photos = await take_in(parts, caller.id, form, key)
    return PhotosAnswer(data=[artifact_answer(photo) for photo in photos])


@router.post("/checks", responses=problems(413), openapi_extra=FORM)
async def check(request: Request, caller: PhotosCaller, parts: Parts) -> CheckedPhotos:
    """What would be said of these photos, each by itself and all beside each other. Nothing is kept or paid."""
    form = await form_of(request, parts.settings.uploads)
    return checked_photos(await look_at(parts, form))
