"""`/v1/sessions` and `/v1/tokens`: signing in and out, going on, API keys with fewer scopes."""

from datetime import timedelta

from fastapi import APIRouter, Request, Response

from governance.model import TokenId
from serve_apps.ingress import accounts
from serve_apps.ingress.auth import AnyCaller, TokensCaller, need
from serve_apps.ingress.idempotency import IdempotencyKey, once
from serve_apps.ingress.schemas.accounts import (
    KeyAnswer,
    OpenIdSignIn,
    Refresh,
    SignIn,
    TokenAnswer,
    TokenRequest,
    key_answer,
)
from serve_apps.ingress.schemas.common import ListOf, problems
from serve_apps.ingress.secrets import token_hash
from serve_apps.ingress.services import Parts
from serve_apps.ingress.tokens import Issued, go_on, issue, open_session

router = APIRouter(prefix="/v1", tags=["sessions"])


@router.post("/sessions", status_code=201, responses=problems(409, 429))
async def sign_in(body: SignIn, request: Request, parts: Parts, key: IdempotencyKey = None) -> TokenAnswer:
    """A bearer token for everything; only its hash is kept."""
    parts.address_attempts.take(parts.secrets.address_hash(request.client.host if request.client else ""))
    account = await accounts.sign_in(parts, body.email, body.password.get_secret_value())
    owner = account.subject.id
    this = once(parts, owner, key, "/v1/sessions", body.email.casefold().encode())
    return _answer(await open_session(parts, owner, account.role, this))


@router.post("/sessions/refresh", status_code=201, responses=problems(429))
async def refresh_session(body: Refresh, request: Request, parts: Parts, key: IdempotencyKey = None) -> TokenAnswer:
    """A new pair of tokens without the password. A refresh token is good once: one that comes again was stolen, and
    ends its session."""
    parts.address_attempts.take(parts.secrets.address_hash(request.client.host if request.client else ""))
    return _answer(await go_on(parts, body.refresh_token.get_secret_value(), key))


@router.post("/sessions/openid", status_code=201, responses=problems(404, 409, 429))
async def sign_in_with_openid(
    body: OpenIdSignIn, request: Request, parts: Parts, key: IdempotencyKey = None
) -> TokenAnswer:
    """For staff: a session for a fresh ID token of the installation's OpenID provider. The same ID token opens the same
    session."""
    parts.address_attempts.take(parts.secrets.address_hash(request.client.host if request.client else ""))
    given = body.id_token.get_secret_value()
    account = await accounts.sign_in_staff(parts, given)
    named = key or token_hash(given).hex()
    this = once(parts, account.subject.id, named, "/v1/sessions/openid", given.encode())
    return _answer(await open_session(parts, account.subject.id, account.role, this))


@router.delete("/sessions/current", status_code=204, responses=problems())
async def sign_out(caller: AnyCaller, parts: Parts) -> Response:
    """Revokes the token that this request came with, and the others of its session."""
    await parts.governance.revoke_token(caller.token_hash)
    return Response(status_code=204)


@router.post("/tokens", status_code=201, responses=problems(409))
async def create_token(
    body: TokenRequest, caller: TokensCaller, parts: Parts, key: IdempotencyKey = None
) -> TokenAnswer:
    """An API key with some of your own scopes, shown this one time."""
    scopes = frozenset(str(scope) for scope in body.scopes)
    for scope in sorted(scopes):
        await need(parts, caller, scope)
    expires_at = parts.now() + timedelta(days=body.lifetime_days)
    this = once(parts, caller.id, key, "/v1/tokens", f"{sorted(scopes)} {body.lifetime_days}".encode())
    return _answer(await issue(parts, caller.id, scopes, expires_at, this))


@router.get("/tokens", responses=problems())
async def list_tokens(caller: TokensCaller, parts: Parts) -> ListOf[KeyAnswer]:
    """Your API keys, newest first, without their secrets."""
    return ListOf(data=[key_answer(each) for each in await parts.governance.api_keys(caller.id)])


@router.delete("/tokens/{token_id}", status_code=204, responses=problems(404))
async def revoke_token(token_id: str, caller: TokensCaller, parts: Parts) -> Response:
    """Ends one of your API keys."""
    await parts.governance.revoke_api_key(caller.id, TokenId(token_id))
    return Response(status_code=204)


def _answer(issued: Issued) -> TokenAnswer:
    return TokenAnswer(
        id=issued.id,
        access_token=issued.text,
        scopes=sorted(issued.scopes),
        expires_at=issued.expires_at,
        refresh_token=issued.refresh,
        refresh_expires_at=issued.refresh_expires_at,
    )
