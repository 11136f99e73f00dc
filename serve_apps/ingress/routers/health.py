"""`GET /v1/health`: whether the service can work."""

from fastapi import APIRouter
from pydantic import Field

from serve_apps.config import Mode
from serve_apps.ingress.schemas.common import Answer, problems
from serve_apps.ingress.services import Parts

router = APIRouter(prefix="/v1", tags=["health"])

NOBODY = bytes(32)


class HealthAnswer(Answer):
    """`mode` is `test` where nothing is charged and the demo's base model makes the pictures."""

    status: str = Field(default="ok", examples=["ok"])
    mode: Mode = Field(examples=["live"])


@router.get("/health", responses=problems())
async def read_health(parts: Parts) -> HealthAnswer:
    """200 when governance answers, else 503 with `Retry-After`."""
    await parts.governance.token(NOBODY)
    return HealthAnswer(mode=parts.settings.mode)
