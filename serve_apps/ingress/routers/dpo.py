"""`/v1/dpo`: the data-protection officer's queue, clocks, records and reports. Ids and words only, no pictures."""

from typing import Any

from fastapi import APIRouter, Response

from governance.ids import ArtifactId, HoldId, RequestId, SubjectId
from governance.model import Kind, NewArtifact, NewHold, Purpose
from governance.people.model import NewAnnouncement
from governance.rights.model import BreachId, NewBreach, NewDisclosure, NewTransfer, RightsRequest, Settlement
from serve_apps.ingress.auth import DpoCaller
from serve_apps.ingress.idempotency import IdempotencyKey
from serve_apps.ingress.pages import RequestCursor
from serve_apps.ingress.schemas.common import ListOf, problems
from serve_apps.ingress.schemas.dpo import (
    AlarmAnswer,
    BreachAnswer,
    BreachBody,
    BreachStepBody,
    Decision,
    DisclosureAnswer,
    DisclosureBody,
    HoldAnswer,
    HoldBody,
    NewTakedown,
    QueuedRight,
    TakedownAnswer,
    TransferAnswer,
    TransferBody,
    fields_of,
    queued_right,
    register_document,
    report_document,
    takedown_answer,
)
from serve_apps.ingress.schemas.policy import AnnouncementAnswer, AnnouncementBody, announcement_answer
from serve_apps.ingress.services import Parts, Services

router = APIRouter(prefix="/v1/dpo", tags=["data-protection officer"])


@router.get("/requests", responses=problems())
async def read_queue(
    caller: DpoCaller, parts: Parts, cursor: RequestCursor, only_open: bool = True
) -> ListOf[QueuedRight]:
    """Everybody's requests, newest first; each with its clock."""
    page = await parts.governance.rights_requests(None, only_open, cursor.after, cursor.limit)
    return ListOf(data=[queued_right(each) for each in page.items], next=page.next)


@router.get("/requests/{request_id}", responses=problems(404))
async def read_queued(request_id: str, caller: DpoCaller, parts: Parts) -> QueuedRight:
    """One request of anybody's."""
    return queued_right(await parts.governance.rights_request(RequestId(request_id)))


@router.post("/requests/{request_id}/answer", responses=problems(404, 409))
async def decide(
    request_id: str, body: Decision, caller: DpoCaller, parts: Parts, _key: IdempotencyKey = None
) -> QueuedRight:
    """The answer; an objection that is granted takes effect with it."""
    request = await parts.governance.rights_request(RequestId(request_id))
    message = await _write(parts, request, body.message) if body.message and request.open else None
    return queued_right(await parts.governance.settle(request.id, Settlement(body.outcome, message)))


@router.post("/requests/{request_id}/extension", responses=problems(404, 409))
async def extend(request_id: str, caller: DpoCaller, parts: Parts, _key: IdempotencyKey = None) -> QueuedRight:
    """Two further months, once (article 12(3))."""
    return queued_right(await parts.governance.extend(RequestId(request_id)))


@router.get("/alarms", responses=problems())
async def read_alarms(caller: DpoCaller, parts: Parts) -> ListOf[AlarmAnswer]:
    """Clocks that near or passed their end and still run, the most urgent first."""
    return ListOf(data=[AlarmAnswer(**fields_of(each)) for each in await parts.governance.alarms()])


@router.post("/takedowns", status_code=202, responses=problems(404))
async def take_down(body: NewTakedown, caller: DpoCaller, parts: Parts, _key: IdempotencyKey = None) -> TakedownAnswer:
    """Suspends at once and erases everything derived; what stays says why and has no personal data."""
    target = ArtifactId(body.target) if body.target.startswith("art_") else SubjectId(body.target)
    return takedown_answer(await parts.governance.take_down(target.check(), body.reason))


@router.post("/disclosures", status_code=201, responses=problems(404))
async def disclose(
    body: DisclosureBody, caller: DpoCaller, parts: Parts, _key: IdempotencyKey = None
) -> DisclosureAnswer:
    """Records what was given to an authority: to whom, what, on what basis."""
    new = NewDisclosure(SubjectId(body.subject), body.recipient, body.basis, body.reference, tuple(body.kinds))
    return DisclosureAnswer(**fields_of(await parts.governance.disclose(new)))


@router.get("/disclosures", responses=problems())
async def read_disclosures(caller: DpoCaller, parts: Parts) -> ListOf[DisclosureAnswer]:
    """Newest first."""
    return ListOf(data=[DisclosureAnswer(**fields_of(each)) for each in await parts.governance.disclosures()])


@router.post("/transfers", status_code=201, responses=problems(404))
async def transfer(body: TransferBody, caller: DpoCaller, parts: Parts, _key: IdempotencyKey = None) -> TransferAnswer:
    """Records what was given to a processor; refused without a contract that names every field."""
    new = NewTransfer(body.processor, SubjectId(body.subject), tuple(body.fields))
    return TransferAnswer(**fields_of(await parts.governance.transfer(new)))


@router.post("/holds", status_code=201, responses=problems(404, 409))
async def place_hold(body: HoldBody, caller: DpoCaller, parts: Parts, _key: IdempotencyKey = None) -> HoldAnswer:
    """A legal duty keeps this artifact, and nothing else of the person, until that date."""
    until = body.until.astimezone()
    hold = await parts.governance.place_hold(NewHold(ArtifactId(body.artifact), body.basis, until))
    return HoldAnswer(**fields_of(hold))


@router.delete("/holds/{hold_id}", status_code=204, responses=problems(404))
async def release_hold(hold_id: str, caller: DpoCaller, parts: Parts) -> Response:
    """What was kept only because of it is erased now."""
    await parts.governance.release_hold(HoldId(hold_id).check())
    return Response(status_code=204)


@router.post("/breaches", status_code=201, responses=problems())
async def record_breach(body: BreachBody, caller: DpoCaller, parts: Parts, _key: IdempotencyKey = None) -> BreachAnswer:
    """Starts the clock of 72 hours."""
    new = NewBreach(
        reference=body.reference,
        nature=tuple(body.nature),
        kinds=tuple(body.kinds),
        people=body.people,
        risk=body.risk,
        found_at=body.found_at.astimezone() if body.found_at else None,
    )
    return BreachAnswer(**fields_of(await parts.governance.record_breach(new)))


@router.get("/breaches", responses=problems())
async def read_breaches(caller: DpoCaller, parts: Parts) -> ListOf[BreachAnswer]:
    """Newest first."""
    return ListOf(data=[BreachAnswer(**fields_of(each)) for each in await parts.governance.breaches()])


@router.post("/breaches/{breach_id}/steps", responses=problems(404, 409))
async def advance_breach(
    breach_id: str, body: BreachStepBody, caller: DpoCaller, parts: Parts, _key: IdempotencyKey = None
) -> BreachAnswer:
    """The authority was notified, the people were told, or it is closed."""
    breach = await parts.governance.advance_breach(BreachId(breach_id), body.step, body.late_reason)
    return BreachAnswer(**fields_of(breach))


@router.post("/announcements", status_code=201, responses=problems(409))
async def announce(
    body: AnnouncementBody, caller: DpoCaller, parts: Parts, _key: IdempotencyKey = None
) -> AnnouncementAnswer:
    """Tells everybody of a new version of the policy, or of a transfer of the business."""
    new = NewAnnouncement(body.version, body.kind, bytes.fromhex(body.sha256))
    return announcement_answer(await parts.governance.announce(new))


@router.get("/announcements", responses=problems())
async def read_announcements(caller: DpoCaller, parts: Parts) -> ListOf[AnnouncementAnswer]:
    """Newest first, with how many notices wait and when each may take effect."""
    return ListOf(data=[announcement_answer(each) for each in await parts.governance.announcements()])


@router.post("/announcements/{version}/effect", responses=problems(404, 409))
async def take_effect(
    version: str, caller: DpoCaller, parts: Parts, _key: IdempotencyKey = None
) -> AnnouncementAnswer:
    """In force from now on; refused until 14 days after the last notice left."""
    return announcement_answer(await parts.governance.take_effect(version))


@router.get("/register", responses=problems())
async def read_register(caller: DpoCaller, parts: Parts) -> dict[str, Any]:
    """The register of processing (article 30), generated from policy and processors."""
    return register_document(await parts.governance.processing_register())


@router.get("/report", responses=problems())
async def read_report(caller: DpoCaller, parts: Parts) -> dict[str, Any]:
    """The compliance report, generated from the ledger and the audit log; `findings` names what is not as promised."""
    return report_document(await parts.governance.compliance_report())


async def _write(parts: Services, request: RightsRequest, text: str) -> ArtifactId:
    new = NewArtifact(Kind.MESSAGE, (request.subject,), Purpose.SUPPORT)
    return (await parts.holder.write(new, bytearray(text.encode()))).id
