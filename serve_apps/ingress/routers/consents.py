"""`/v1/consents`: giving and withdrawing, one request each; receipts. `/v1/newsletters`: what consent is needed for."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Response

from governance.errors import NotFound
from governance.ids import SubjectId
from governance.model import Purpose
from governance.people.model import ConsentPurpose
from governance.rights.model import Right, RightState
from serve_apps.ingress.auth import GPC, AccountCaller, AdminCaller, Caller
from serve_apps.ingress.errors import Forbidden
from serve_apps.ingress.idempotency import IdempotencyKey
from serve_apps.ingress.receipts import receipt
from serve_apps.ingress.schemas.common import ListOf, problems
from serve_apps.ingress.schemas.consents import (
    ConsentAnswer,
    NewConsent,
    Newsletter,
    NewsletterAnswer,
    consent_answer,
)
from serve_apps.ingress.services import Parts, Services

router = APIRouter(prefix="/v1", tags=["consents"])


@router.post("/consents", status_code=201, responses=problems())
async def give_consent(
    body: NewConsent,
    caller: AccountCaller,
    parts: Parts,
    _key: IdempotencyKey = None,
    gpc: Annotated[str | None, Header(alias="Sec-GPC", examples=["1"])] = None,
) -> ConsentAnswer:
    """Says yes, and takes an earlier objection back. A browser that sends `Sec-GPC: 1` says no for its owner: refused
    until it does not."""
    if gpc == GPC:
        raise Forbidden("your browser objects for you (Sec-GPC): switch that off for us first", code="gpc_objects")
    await _take_back_objections(parts, caller)
    return consent_answer(await parts.governance.give_consent(caller.id, body.purpose))


@router.get("/consents", responses=problems())
async def list_consents(caller: AccountCaller, parts: Parts) -> ListOf[ConsentAnswer]:
    """All that were ever given, newest first."""
    return ListOf(data=[consent_answer(each) for each in await parts.governance.consents(caller.id)])


@router.delete("/consents/{purpose}", responses=problems(404))
async def withdraw_consent(purpose: ConsentPurpose, caller: AccountCaller, parts: Parts) -> ConsentAnswer:
    """Takes it back, at once; what waits to be sent because of it is dropped."""
    return consent_answer(await parts.governance.withdraw_consent(caller.id, purpose))


@router.get("/consents/{consent_id}/receipt", responses=problems(404))
async def read_receipt(consent_id: str, caller: AccountCaller, parts: Parts) -> dict[str, Any]:
    """The receipt after ISO/IEC TS 27560, as DPV JSON-LD."""
    found = next((one for one in await parts.governance.consents(caller.id) if one.id == consent_id), None)
    if found is None:
        raise NotFound()
    return receipt(found, parts.policy)


@router.post("/unsubscriptions", status_code=204, responses=problems(404))
async def unsubscribe(
    person: Annotated[str, Query(examples=["sub_01a20baf9dd6707993b5dc044a7a3ac2"])],
    signature: Annotated[str, Query(max_length=64, examples=["0" * 64])],
    parts: Parts,
    _key: IdempotencyKey = None,
) -> Response:
    """One click in a newsletter, without signing in (RFC 8058)."""
    subject = SubjectId(person).check()
    if not parts.secrets.may_unsubscribe(subject, signature):
        raise NotFound()
    await parts.governance.withdraw_consent(subject, ConsentPurpose.MARKETING)
    return Response(status_code=204)


@router.post("/newsletters", status_code=201, responses=problems())
async def send_newsletter(
    body: Newsletter, caller: AdminCaller, parts: Parts, _key: IdempotencyKey = None
) -> NewsletterAnswer:
    """To everybody with a live consent to marketing, and nobody else."""
    queued = await parts.governance.send_newsletter(body.name, body.model_dump(exclude={"name"}))
    return NewsletterAnswer(name=body.name, queued=queued)


async def _take_back_objections(parts: Services, caller: Caller) -> None:
    if Purpose.MARKETING not in await parts.governance.objections(caller.id):
        return
    page = await parts.governance.rights_requests(caller.id, False, None, 200)
    for one in page.items:
        if (one.right, one.purpose, one.state) == (Right.OBJECTION, Purpose.MARKETING, RightState.ANSWERED):
            await parts.governance.withdraw(one.id, caller.id)
