"""Who is calling, and what their token allows.

A token outlives its account's erasure as a hash beside an erased subject: with it every request answers 410, except
those that follow the erasure itself to its certificate. That is how a person can prove that everything is gone.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from governance.errors import Gone
from governance.model import Purpose, Subject, SubjectId, SubjectStatus, Token
from governance.people.model import Refusal, RefusedFor
from governance.rights.model import NewRightsRequest, Right
from serve_apps.ingress.errors import Forbidden, Unauthorized
from serve_apps.ingress.scopes import REFRESH, SPENDING, Scope, permitted
from serve_apps.ingress.secrets import token_hash
from serve_apps.ingress.services import Parts, Services

GPC = "1"
DEAD = frozenset({SubjectStatus.ERASING, SubjectStatus.ERASED})

_bearer = HTTPBearer(auto_error=False, description="A token from POST /v1/sessions or POST /v1/tokens.")
Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]


@dataclass(frozen=True, slots=True)
class Caller:
    """The person behind a request."""

    subject: Subject
    scopes: frozenset[str]
    token_hash: bytes
    token: Token

    @property
    def id(self) -> SubjectId:
        return self.subject.id

    @property
    def erased(self) -> bool:
        return self.subject.status in DEAD


async def identify(parts: Services, credentials: HTTPAuthorizationCredentials | None) -> Caller:
    """The caller, also of an erased account; `Unauthorized` without a valid token."""
    if credentials is None:
        raise Unauthorized()
    hash_ = token_hash(credentials.credentials)
    token: Token | None = await parts.governance.token(hash_)
    if token is None or REFRESH in token.scopes:
        raise Unauthorized("this token is unknown, revoked or expired; sign in at POST /v1/sessions")
    return Caller(token.subject, token.scopes & permitted(token.role), hash_, token)


async def authorize(
    parts: Services, credentials: HTTPAuthorizationCredentials | None, *scopes: Scope, also_erased: bool = False
) -> Caller:
    """The caller, whose token has all of `scopes`. `Unauthorized`; `Gone` for erased accounts unless `also_erased`;
    `Forbidden`."""
    caller = await identify(parts, credentials)
    if caller.erased and not also_erased:
        raise Gone("this account was erased; nothing of it is left")
    parts.request_attempts.take(caller.token_hash)
    for scope in scopes:
        await need(parts, caller, scope)
    return caller


async def need(parts: Services, caller: Caller, scope: str) -> None:
    """`Forbidden` unless the caller's token has this scope; a refusal goes into the audit log."""
    if scope not in caller.scopes:
        told = RefusedFor.SCOPE if scope in permitted(caller.token.role) else RefusedFor.ROLE
        await parts.governance.access_refused(Refusal(caller.id, caller.token.id, caller.token.role, told))
        raise Forbidden(f"this token lacks the scope {scope}")
    if scope in SPENDING and parts.settings.accounts.require_confirmation and not caller.token.confirmed:
        why = RefusedFor.UNCONFIRMED
        await parts.governance.access_refused(Refusal(caller.id, caller.token.id, caller.token.role, why))
        raise Forbidden("confirm your address first, with the code in our e-mail", code="unconfirmed")


async def authorize_appointer(parts: Parts, credentials: Credentials) -> None:
    """Who may give roles: a cluster admin, or whoever holds the installation's secret (`pixreunion staff`)."""
    if credentials is None or not parts.secrets.is_operators(credentials.credentials, parts.now()):
        await authorize(parts, credentials, Scope.ADMIN)


def allowed(*scopes: Scope, also_erased: bool = False) -> Callable[..., Awaitable[Caller]]:
    """`authorize` as a dependency of a route."""

    async def check(request: Request, parts: Parts, credentials: Credentials) -> Caller:
        caller = await authorize(parts, credentials, *scopes, also_erased=also_erased)
        if request.headers.get("Sec-GPC") == GPC and not caller.erased:
            await hear_objection(parts, caller.id)
        return caller

    return check


async def hear_objection(parts: Services, subject: SubjectId) -> None:
    """A browser that sends `Sec-GPC: 1` objects to marketing for its owner (P3.5)."""
    if Purpose.MARKETING not in await parts.governance.objections(subject):
        await parts.governance.ask(NewRightsRequest(Right.OBJECTION, subject, purpose=Purpose.MARKETING))


AccountCaller = Annotated[Caller, Depends(allowed(Scope.ACCOUNT))]
PhotosCaller = Annotated[Caller, Depends(allowed(Scope.PHOTOS))]
TrainingsCaller = Annotated[Caller, Depends(allowed(Scope.TRAININGS))]
ImagesCaller = Annotated[Caller, Depends(allowed(Scope.IMAGES))]
ArtifactsCaller = Annotated[Caller, Depends(allowed(Scope.ARTIFACTS))]
ErasureCaller = Annotated[Caller, Depends(allowed(Scope.ERASURE))]
TokensCaller = Annotated[Caller, Depends(allowed(Scope.TOKENS))]
BillingCaller = Annotated[Caller, Depends(allowed(Scope.BILLING))]
EventsCaller = Annotated[Caller, Depends(allowed(Scope.EVENTS))]
WebhooksCaller = Annotated[Caller, Depends(allowed(Scope.WEBHOOKS))]
SupportCaller = Annotated[Caller, Depends(allowed(Scope.SUPPORT))]
DpoCaller = Annotated[Caller, Depends(allowed(Scope.DPO))]
OpsCaller = Annotated[Caller, Depends(allowed(Scope.OPS))]
AdminCaller = Annotated[Caller, Depends(allowed(Scope.ADMIN))]
AnyCaller = Annotated[Caller, Depends(allowed())]
FormerCaller = Annotated[Caller, Depends(allowed(also_erased=True))]
"""Erased accounts too: for what leads to the certificate."""
