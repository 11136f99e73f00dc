"""`/v1/shares`: consent to pictures of several people (P5.2)."""

from fastapi import APIRouter

from governance.model import ArtifactId, SubjectId
from governance.rights.model import NewShare, ShareId
from serve_apps.ingress.auth import AccountCaller
from serve_apps.ingress.idempotency import IdempotencyKey
from serve_apps.ingress.schemas.common import problems
from serve_apps.ingress.schemas.shares import NewShareBody, ShareAnswer, SharesAnswer, share_answer
from serve_apps.ingress.services import Parts

router = APIRouter(prefix="/v1/shares", tags=["shares"])


@router.post("", status_code=201, responses=problems(404))
async def give_share(
    body: NewShareBody, caller: AccountCaller, parts: Parts, _key: IdempotencyKey = None
) -> ShareAnswer:
    """You agree to pictures of you and another person, made with your model. They belong to both of you; given again
    the consent is the same."""
    new = NewShare(ArtifactId(body.model), caller.id, SubjectId(body.receiver))
    return share_answer(await parts.governance.give_share(new))


@router.get("", responses=problems())
async def list_shares(caller: AccountCaller, parts: Parts) -> SharesAnswer:
    """What you agreed to and what others agreed to for you."""
    return SharesAnswer(data=[share_answer(each) for each in await parts.governance.shares(caller.id)])


@router.delete("/{share_id}", responses=problems(404))
async def withdraw_share(share_id: str, caller: AccountCaller, parts: Parts) -> ShareAnswer:
    """Takes a consent back: nothing is made with it any more, and every picture of both of you is erased."""
    return share_answer(await parts.governance.withdraw_share(ShareId(share_id), caller.id))
