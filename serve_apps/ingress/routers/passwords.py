"""Confirmation of the address; passwords that change or were forgotten."""

from fastapi import APIRouter, BackgroundTasks, Request, Response

from governance.people.model import CodeKind
from serve_apps.ingress import accounts, standing
from serve_apps.ingress.auth import AccountCaller
from serve_apps.ingress.idempotency import IdempotencyKey
from serve_apps.ingress.schemas.accounts import CodeGiven, PasswordChange, PasswordReset, ResetWanted
from serve_apps.ingress.schemas.common import problems
from serve_apps.ingress.services import Parts, Services

router = APIRouter(prefix="/v1", tags=["accounts"])


@router.post("/account/confirmation", status_code=202, response_class=Response, responses=problems(429))
async def ask_for_confirmation(caller: AccountCaller, parts: Parts, _key: IdempotencyKey = None) -> Response:
    """Sends the e-mail with the code once more; earlier codes are good for nothing any more."""
    parts.account_attempts.take(caller.id.encode())
    await accounts.send_code(parts, caller.id, CodeKind.CONFIRMATION)
    return Response(status_code=202)


@router.post("/confirmations", status_code=204, responses=problems(429))
async def confirm_address(body: CodeGiven, request: Request, parts: Parts, _key: IdempotencyKey = None) -> Response:
    """The code from the e-mail says that the address is yours."""
    _limit(parts, request)
    await standing.confirm(parts, body.code.get_secret_value())
    return Response(status_code=204)


@router.post("/account/password", status_code=204, responses=problems(409, 429))
async def change_password(
    body: PasswordChange, caller: AccountCaller, parts: Parts, key: IdempotencyKey = None
) -> Response:
    """A new password; every other session and every API key ends."""
    await standing.change_password(parts, caller, body, key)
    return Response(status_code=204)


@router.post("/password-resets", status_code=202, response_class=Response, responses=problems(429))
async def ask_for_reset(
    body: ResetWanted, request: Request, later: BackgroundTasks, parts: Parts, _key: IdempotencyKey = None
) -> Response:
    """Sends a code by e-mail, if there is such an account; the answer is the same if there is none."""
    _limit(parts, request)
    parts.account_attempts.take(parts.secrets.email_hash(body.email))
    later.add_task(standing.ask_for_reset, parts, body.email)
    return Response(status_code=202)


@router.post("/passwords", status_code=204, responses=problems(409, 429))
async def reset_password(body: PasswordReset, request: Request, parts: Parts, key: IdempotencyKey = None) -> Response:
    """A new password with the code from the e-mail; every session and every API key ends."""
    _limit(parts, request)
    await standing.reset_password(parts, body, key)
    return Response(status_code=204)


def _limit(parts: Services, request: Request) -> None:
    parts.address_attempts.take(parts.secrets.address_hash(request.client.host if request.client else ""))
