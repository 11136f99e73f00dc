"""`GET /v1/policy`: who answers, since when, for how long what is kept (P1.1)."""

from hashlib import sha256

from fastapi import APIRouter

from serve_apps.ingress.schemas.policy import ControllerAnswer, GpcAnswer, PolicyAnswer, announcement_answer
from serve_apps.ingress.services import Parts

router = APIRouter(tags=["policy"])


@router.get("/.well-known/gpc.json")
async def read_gpc(parts: Parts) -> GpcAnswer:
    """Global Privacy Control is honoured here."""
    return GpcAnswer(gpc=True, lastUpdate=parts.policy.effective)


@router.get("/v1/policy")
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
        announced=[
            announcement_answer(one) for one in await parts.governance.announcements() if one.in_force_at is None
        ],
        purposes={purpose: rule.basis for purpose, rule in policy.purposes.items()},
    )
