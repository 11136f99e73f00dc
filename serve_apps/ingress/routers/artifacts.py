"""`/v1/artifacts`: everything that is derived from a person, to list, read and erase."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from governance.errors import NotFound
from governance.model import Artifact, ArtifactId, By, Kind, Purpose
from serve_apps.ingress.auth import ArtifactsCaller, Credentials, ErasureCaller, authorize
from serve_apps.ingress.lineage import DRAWN_AS, shown_as
from serve_apps.ingress.links import content_path
from serve_apps.ingress.pages import ArtifactCursor
from serve_apps.ingress.schemas.artifacts import ArtifactAnswer, Shown, artifact_answer
from serve_apps.ingress.schemas.common import ListOf, problems
from serve_apps.ingress.schemas.lineage import LineageFormat
from serve_apps.ingress.schemas.requests import RequestAnswer, request_answer
from serve_apps.ingress.scopes import Scope
from serve_apps.ingress.services import Parts, Services

router = APIRouter(prefix="/v1/artifacts", tags=["artifacts"])

JSON_KINDS = frozenset({Kind.PROFILE, Kind.PROMPT, Kind.REPORT})
BYTES: dict[str, dict[str, Any]] = {
    "image/jpeg": {},
    "image/png": {},
    "application/zip": {},
    "application/json": {"schema": {"type": "object"}, "example": {"name": "Ada Example", "language": "da"}},
    "text/plain; charset=utf-8": {"schema": {"type": "string"}, "example": "a face in the sun"},
    "application/octet-stream": {},
}
"""What `_type_of` may say, for the OpenAPI document."""
PNG_MAGIC = b"\x89PNG"
JPEG_MAGIC = b"\xff\xd8\xff"


@router.get("", responses=problems())
async def list_artifacts(
    caller: ArtifactsCaller, parts: Parts, cursor: ArtifactCursor, kind: Shown | None = None
) -> ListOf[ArtifactAnswer]:
    """What is held of you, newest first, each with the day it goes at the latest."""
    wanted = None if kind is None else Kind(kind.value)
    page = await parts.governance.artifacts(caller.id, wanted, cursor.after, cursor.limit)
    return ListOf(data=[artifact_answer(artifact) for artifact in page.items], next=page.next)


@router.get("/{artifact_id}", responses=problems(404))
async def read_artifact(artifact_id: str, caller: ArtifactsCaller, parts: Parts) -> ArtifactAnswer:
    """What it is, what it was made from, and its deadline."""
    return artifact_answer(await parts.governance.artifact(ArtifactId(artifact_id), caller.id))


@router.get(
    "/{artifact_id}/content",
    response_class=Response,
    responses=problems(404) | {200: {"description": "Its bytes", "content": BYTES}},
)
async def read_content(
    artifact_id: str,
    parts: Parts,
    credentials: Credentials,
    expires: Annotated[int, Query(ge=0, le=2**40)] = 0,
    signature: Annotated[str, Query(max_length=64)] = "",
) -> Response:
    """Its bytes: with your token, or by a link that the service signed and that has not run out."""
    if signature:
        artifact = await _by_link(parts, artifact_id, expires, signature)
    else:
        caller = await authorize(parts, credentials, Scope.ARTIFACTS)
        artifact = await parts.governance.artifact(ArtifactId(artifact_id), caller.id)
    async with parts.holder.plaintext(artifact.id, Purpose.DELIVERY) as data:
        media_type, ending = _type_of(artifact.kind, data)
        return Response(
            bytes(data),
            media_type=media_type,
            headers={"Content-Disposition": f'attachment; filename="{artifact.id}.{ending}"'},
        )


@router.get(
    "/{artifact_id}/lineage",
    response_class=Response,
    responses=problems(404) | {200: {"description": "The graph around it", "content": DRAWN_AS}},
)
async def read_lineage(
    artifact_id: str, caller: ArtifactsCaller, parts: Parts, format: LineageFormat = LineageFormat.JSON
) -> Response:
    """What it was made from and what came of it: as a report, as PROV-JSON, as OpenLineage events, or drawn."""
    focus = ArtifactId(artifact_id)
    return shown_as(format, await parts.governance.lineage(focus, caller.id), focus)


@router.delete("/{artifact_id}", status_code=202, responses=problems(404))
async def erase_artifact(artifact_id: str, caller: ErasureCaller, response: Response, parts: Parts) -> RequestAnswer:
    """Erases it with everything derived from it; follow `Location` to the certificate."""
    request = await parts.governance.erase(ArtifactId(artifact_id), By.SUBJECT, caller.id)
    response.headers["Location"] = f"/v1/requests/{request.id}"
    return request_answer(request)


async def _by_link(parts: Services, artifact_id: str, expires: int, signature: str) -> Artifact:
    """A link that is wrong or over looks like one to nothing."""
    if not parts.secrets.link_is_valid(content_path(artifact_id), expires, signature, parts.now()):
        raise NotFound("this link is wrong or its time is over")
    return await parts.governance.artifact(ArtifactId(artifact_id))


def _type_of(kind: Kind, data: bytearray) -> tuple[str, str]:
    """Media type and file ending, from the bytes where they tell."""
    if data.startswith(PNG_MAGIC):
        return "image/png", "png"
    if data.startswith(JPEG_MAGIC):
        return "image/jpeg", "jpg"
    if kind is Kind.EXPORT:
        return "application/zip", "zip"
    if kind in JSON_KINDS:
        return "application/json", "json"
    if kind is Kind.CAPTION:
        return "text/plain; charset=utf-8", "txt"
    return "application/octet-stream", "safetensors" if kind is Kind.ADAPTER else "bin"
