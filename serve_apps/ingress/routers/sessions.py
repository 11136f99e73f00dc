"""`/v1/sessions` and `/v1/tokens`: signing in and out, API keys with fewer scopes."""

from datetime import timedelta

from fastapi import APIRouter, Request, Response

from serve_apps.ingress import accounts
from serve_apps.ingress.auth import AnyCaller, TokensCaller
from serve_apps.ingress.errors import Forbidden
from serve_apps.ingress.idempotency import IdempotencyKey, once
from serve_apps.ingress.schemas.accounts import SignIn, TokenAnswer, TokenRequest
from serve_apps.ingress.schemas.common import problems
from serve_apps.ingress.scopes import ALL_SCOPES
from serve_apps.ingress.services import Parts
from serve_apps.ingress.tokens import Issued, issue

router = APIRouter(prefix="/v1", tags=["sessions"])


@router.post("/sessions", status_code=201, responses=problems(409, 429))
async def sign_in(body: SignIn, request: Request, parts: Parts, key: IdempotencyKey = None) -> TokenAnswer:
    """A bearer token for everything; only its hash is kept."""
    parts.address_attempts.take(parts.secrets.address_hash(request.client.host if request.client else ""))
    account = await accounts.sign_in(parts, body.email, body.password.get_secret_value())
    expires_at = parts.now() + parts.settings.accounts.session_lifetime
    owner = account.subject.id
    this = once(parts, owner, key, "/v1/sessions", body.email.casefold().encode())
    return _answer(await issue(parts, owner, frozenset(ALL_SCOPES), expires_at, this))


@router.delete("/sessions/current", status_code=204, responses=problems())
async def sign_out(caller: AnyCaller, parts: Parts) -> Response:
    """Revokes the token that this request came with."""
    await parts.governance.revoke_token(caller.token_hash)
    return Response(status_code=204)


@router.post("/tokens", status_code=201, responses=problems(409))
async def create_token(
    body: TokenRequest, caller: TokensCaller, parts: Parts, key: IdempotencyKey = None
) -> TokenAnswer:
    """An API key with some of your own scopes, shown this one time."""
    scopes = frozenset(str(scope) for scope in body.scopes)
    if more := sorted(scopes - caller.scopes):
        raise Forbidden(f"this token lacks the scope {more[0]} and cannot give it to another")
    expires_at = parts.now() + timedelta(days=body.lifetime_days)
    this = once(parts, caller.id, key, "/v1/tokens", f"{sorted(scopes)} {body.lifetime_days}".encode())
    return _answer(await issue(parts, caller.id, scopes, expires_at, this))


def _answer(issued: Issued) -> TokenAnswer:
    return TokenAnswer(access_token=issued.text, scopes=sorted(issued.scopes), expires_at=issued.expires_at)
