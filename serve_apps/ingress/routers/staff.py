"""`/v1/staff` and `/v1/ops`: who works as what, and what operators see: counts and ages, nothing of anybody."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends

from governance.errors import Conflict, NotFound
from governance.model import Role
from serve_apps.ingress.auth import OpsCaller, authorize_appointer
from serve_apps.ingress.schemas.accounts import Appointment, StaffAnswer
from serve_apps.ingress.schemas.common import problems
from serve_apps.ingress.services import Parts

router = APIRouter(prefix="/v1", tags=["staff"])


@router.put("/staff", responses=problems(404, 409))
async def appoint(body: Appointment, _: Annotated[None, Depends(authorize_appointer)], parts: Parts) -> StaffAnswer:
    """Gives an account a role, or takes it away with `client`: it counts for every token at once. Where addresses can
    be confirmed, only somebody who confirmed theirs gets one."""
    account = await parts.governance.account_by_email(parts.secrets.email_hash(body.email))
    if account is None:
        raise NotFound("nobody has an account with this address")
    # Else anybody who signs up with a colleague's address would wait for that colleague's role.
    if body.role is not Role.CLIENT and parts.settings.mail is not None and not account.confirmed:
        raise Conflict("whoever has this account has not confirmed the address; ask for that first")
    await parts.governance.give_role(account.subject.id, body.role)
    return StaffAnswer(id=account.subject.id, role=body.role)


@router.get("/ops/vitals", responses=problems())
async def read_vitals(caller: OpsCaller, parts: Parts) -> dict[str, Any]:
    """What an operator watches: counts and ages only."""
    return asdict(await parts.governance.vitals())
