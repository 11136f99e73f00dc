"""`/v1/sessions` and `/v1/tokens`: signing in and out, API keys with fewer scopes."""

from datetime import datetime, timedelta

from fastapi import APIRouter, Request, Response

from governance.model import NewToken, SubjectId
from serve_apps.ingress import accounts
from serve_apps.ingress.auth import AnyCaller, TokensCaller
from serve_apps.ingress.errors import Forbidden
from serve_apps.ingress.idempotency import IdempotencyKey
from serve_apps.ingress.schemas.accounts import SignIn, TokenAnswer, TokenRequest
from serve_apps.ingress.schemas.common import problems
from serve_apps.ingress.scopes import ALL_SCOPES
from serve_apps.ingress.services import Parts, Services

router = APIRouter(prefix="/v1", tags=["sessions"])


@router.post("/sessions", status_code=201, responses=problems(429))
async def sign_in(body: SignIn, request: Request, parts: Parts, _key: IdempotencyKey = None) -> TokenAnswer:
    """A bearer token for everything. Only its hash is kept, so a repeated request gets a token of its own."""
    parts.address_attempts.take(parts.secrets.address_hash(request.client.host if request.client else ""))
    account = await accounts.sign_in(parts, body.email, body.password.get_secret_value())
    expires_at = parts.now() + parts.settings.accounts.session_lifetime
    return await _issue(parts, account.subject.id, frozenset(ALL_SCOPES), expires_at)


@router.delete("/sessions/current", status_code=204, responses=problems())
async def sign_out(caller: AnyCaller, parts: Parts) -> Response:
    """Revokes the token that this request came with."""
    await parts.governance.revoke_token(caller.token_hash)
    return Response(status_code=204)


@router.post("/tokens", status_code=201, responses=problems())
async def create_token(
    body: TokenRequest, caller: TokensCaller, parts: Parts, _key: IdempotencyKey = None
) -> TokenAnswer:
    """An API key with some of your own scopes, shown this one time."""
    scopes = frozenset(str(scope) for scope in body.scopes)
    if more := sorted(scopes - caller.scopes):
        raise Forbidden(f"this token lacks the scope {more[0]} and cannot give it to another")
    return await _issue(parts, caller.id, scopes, parts.now() + timedelta(days=body.lifetime_days))


async def _issue(parts: Services, subject: SubjectId, scopes: frozenset[str], expires_at: datetime) -> TokenAnswer:
    fresh = accounts.fresh_token()
    await accounts.issue(parts, NewToken(subject, fresh.hash, scopes, expires_at))
    return TokenAnswer(access_token=fresh.text, scopes=sorted(scopes), expires_at=expires_at)
