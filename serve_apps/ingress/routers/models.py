"""`GET /v1/models`: what pictures can be made with, in OpenAI's shape."""

from fastapi import APIRouter

from governance.errors import NotFound
from governance.model import Artifact, ArtifactId, Kind
from serve_apps.ingress.auth import ImagesCaller
from serve_apps.ingress.pages import ArtifactCursor
from serve_apps.ingress.schemas.common import problems, timestamp
from serve_apps.ingress.schemas.images import ModelAnswer, ModelsAnswer
from serve_apps.ingress.services import Parts, Services

router = APIRouter(prefix="/v1/models", tags=["models"])


@router.get("", responses=problems())
async def list_models(caller: ImagesCaller, parts: Parts, cursor: ArtifactCursor) -> ModelsAnswer:
    """The base model, then your own, newest first."""
    page = await parts.governance.artifacts(caller.id, Kind.ADAPTER, cursor.after, cursor.limit)
    first = [] if cursor.after else [_base(parts)]
    return ModelsAnswer(data=[*first, *[_own(adapter) for adapter in page.items]], next=page.next)


@router.get("/{model_id}", responses=problems(404))
async def read_model(model_id: str, caller: ImagesCaller, parts: Parts) -> ModelAnswer:
    """One model; yours is found by the `model` of its training."""
    if model_id == parts.settings.images.base_model:
        return _base(parts)
    artifact = await parts.governance.artifact(ArtifactId(model_id), caller.id)
    if artifact.kind is not Kind.ADAPTER:
        raise NotFound("there is no model with this id")
    return _own(artifact)


def _base(parts: Services) -> ModelAnswer:
    return ModelAnswer(id=parts.settings.images.base_model, created=0, owned_by="pixreunion")


def _own(artifact: Artifact) -> ModelAnswer:
    created = timestamp(artifact.created_at)
    assert created is not None
    return ModelAnswer(id=artifact.id, created=created, owned_by="you", expires_at=timestamp(artifact.deadline))
