"""`GET /v1/policy`: who answers, since when, for how long what is kept (P1.1)."""

from hashlib import sha256

from fastapi import APIRouter

from serve_apps.ingress.schemas.policy import ControllerAnswer, PolicyAnswer
from serve_apps.ingress.services import Parts

router = APIRouter(prefix="/v1", tags=["policy"])


@router.get("/policy")
async def read_policy(parts: Parts) -> PolicyAnswer:
    """The controller, the version in force, and the promises that are numbers."""
    policy = parts.policy
    return PolicyAnswer(
        version=policy.version,
        effective=policy.effective,
        controller=ControllerAnswer(
            name=policy.controller.name, contact=policy.controller.contact, address=policy.controller.address
        ),
        sha256=sha256(policy.text.encode()).hexdigest(),
        retention_days={kind: keep.days if keep else None for kind, keep in policy.retention.items()},
        purposes={purpose: rule.basis for purpose, rule in policy.purposes.items()},
    )
