"""`/v1/accounts` and `/v1/account`: sign-up, what is kept, its correction, its erasure."""

from dataclasses import replace
from typing import Annotated, Self

from fastapi import APIRouter, Request, Response
from pydantic import Field, model_validator

from governance.model import By, Role, Subject
from governance.rights.model import NewRightsRequest, Right
from serve_apps.ingress import accounts
from serve_apps.ingress.accounts import Profile
from serve_apps.ingress.auth import GPC, AccountCaller, Caller, ErasureCaller, hear_objection
from serve_apps.ingress.idempotency import IdempotencyKey
from serve_apps.ingress.schemas.accounts import AccountAnswer, Name, SignUp
from serve_apps.ingress.schemas.common import Body, problems
from serve_apps.ingress.schemas.requests import RequestAnswer, request_answer
from serve_apps.ingress.services import Parts
from serve_apps.notices.language import Language

router = APIRouter(prefix="/v1", tags=["accounts"])


class Correction(Body):
    """What was wrong about a person, or is to be otherwise."""

    name: Annotated[Name | None, Field(examples=["Ada Example"])] = None
    language: Language | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.name is None and self.language is None:
            raise ValueError("give a name or a language")
        return self


@router.post("/accounts", status_code=201, responses=problems(409, 429))
async def sign_up(
    body: SignUp, request: Request, response: Response, parts: Parts, key: IdempotencyKey = None
) -> AccountAnswer:
    """Makes an account. Nobody under 16; the date of birth is checked and not kept."""
    parts.address_attempts.take(parts.secrets.address_hash(request.client.host if request.client else ""))
    subject = await accounts.sign_up(parts, body, key)
    if request.headers.get("Sec-GPC") == GPC:
        await hear_objection(parts, subject.id)
    response.headers["Location"] = "/v1/account"
    return _answer(subject, await accounts.profile(parts, subject.id), Role.CLIENT, confirmed=False)


@router.get("/account", responses=problems())
async def read_account(caller: AccountCaller, parts: Parts) -> AccountAnswer:
    """What is kept about you besides your photos and what was made from them."""
    return _own(caller, await accounts.profile(parts, caller.id))


@router.patch("/account", responses=problems())
async def correct_account(body: Correction, caller: AccountCaller, parts: Parts) -> AccountAnswer:
    """Rectification: the corrected profile replaces the wrong one, which is erased."""
    return _own(caller, await accounts.correct(parts, caller.id, body.name, body.language))


@router.delete("/account", status_code=202, responses=problems())
async def erase_account(caller: ErasureCaller, response: Response, parts: Parts) -> RequestAnswer:
    """Erases the account with everything derived from it. When this answers, nothing of it can be read any more;
    follow `Location` to the certificate with the same token."""
    request = await parts.governance.erase(caller.id, By.SUBJECT, caller.id)
    response.headers["Location"] = f"/v1/requests/{request.id}"
    return request_answer(request)


@router.post("/account/restriction", status_code=200, responses=problems())
async def restrict(caller: AccountCaller, parts: Parts, _key: IdempotencyKey = None) -> AccountAnswer:
    """Restriction of processing: your data stays untouched until you lift it."""
    await parts.governance.ask(NewRightsRequest(Right.RESTRICTION, caller.id))
    frozen = replace(caller, subject=await parts.governance.subject(caller.id))
    return _own(frozen, await accounts.profile(parts, caller.id))


@router.delete("/account/restriction", status_code=200, responses=problems())
async def lift(caller: AccountCaller, parts: Parts) -> AccountAnswer:
    """Lifts the restriction."""
    lifted = replace(caller, subject=await parts.governance.lift(caller.id))
    return _own(lifted, await accounts.profile(parts, caller.id))


def _own(caller: Caller, profile: Profile) -> AccountAnswer:
    return _answer(caller.subject, profile, caller.token.role, caller.token.confirmed)


def _answer(subject: Subject, profile: Profile, role: Role, confirmed: bool) -> AccountAnswer:
    return AccountAnswer(
        id=subject.id,
        name=profile.name,
        email=profile.email,
        region=subject.region,
        status=subject.status,
        age_checked=profile.age_checked,
        language=profile.language,
        confirmed=confirmed,
        role=role,
        created_at=subject.created_at,
    )
