"""`/v1/rights`: access, portability, rectification, erasure, restriction and objection, each with its clock."""

from fastapi import APIRouter, Response

from governance.model import ArtifactId, RequestId
from governance.rights.model import NewRightsRequest, Right, RightsRequest
from serve_apps.ingress.auth import AccountCaller, Caller, need
from serve_apps.ingress.idempotency import IdempotencyKey
from serve_apps.ingress.pages import RequestCursor
from serve_apps.ingress.rectification import correct_caption, correct_name
from serve_apps.ingress.schemas.common import ListOf, problems
from serve_apps.ingress.schemas.rights import NewRight, RightAnswer, right_answer
from serve_apps.ingress.scopes import Scope
from serve_apps.ingress.services import Parts, Services

router = APIRouter(prefix="/v1/rights", tags=["rights"])


@router.post("", status_code=201, responses=problems(404, 409))
async def exercise(
    body: NewRight, caller: AccountCaller, response: Response, parts: Parts, _key: IdempotencyKey = None
) -> RightAnswer:
    """Restriction, objection and rectification take effect now, an erasure makes everything unreadable now; an archive
    is made within moments. Asked again the same is answered with the same request."""
    request = await _exercise(parts, caller, body)
    response.headers["Location"] = f"/v1/rights/{request.id}"
    return right_answer(request)


async def _exercise(parts: Services, caller: Caller, body: NewRight) -> RightsRequest:
    if body.right is Right.RECTIFICATION and body.name is not None:
        return await correct_name(parts, caller.id, body.name)
    if body.right is Right.RECTIFICATION and body.artifact is not None and body.text is not None:
        return await correct_caption(parts, caller.id, body.artifact, body.text, body.rederive)
    if body.right is Right.ERASURE:
        await need(parts, caller, Scope.ERASURE)
    artifact = ArtifactId(body.artifact) if body.artifact else None
    request = await parts.governance.ask(
        NewRightsRequest(body.right, caller.id, purpose=body.purpose, artifact=artifact)
    )
    if body.right in (Right.ACCESS, Right.PORTABILITY):
        parts.export_wanted.set()
    return request


@router.get("", responses=problems())
async def list_rights(caller: AccountCaller, parts: Parts, cursor: RequestCursor) -> ListOf[RightAnswer]:
    """Your requests, newest first."""
    page = await parts.governance.rights_requests(caller.id, False, cursor.after, cursor.limit)
    return ListOf(data=[right_answer(each) for each in page.items], next=page.next)


@router.get("/{request_id}", responses=problems(404))
async def read_right(request_id: str, caller: AccountCaller, parts: Parts) -> RightAnswer:
    """Its state, its answer, and when that is due."""
    return right_answer(await parts.governance.rights_request(RequestId(request_id), caller.id))


@router.delete("/{request_id}", responses=problems(404, 409))
async def withdraw_right(request_id: str, caller: AccountCaller, parts: Parts) -> RightAnswer:
    """Takes back what is open; lifts a restriction or an objection that is in force."""
    return right_answer(await parts.governance.withdraw(RequestId(request_id), caller.id))
