"""`/opendsr/v2`: OpenDSR 2.0, so that an outside tool can pass on what people ask for, with the officer's token.

Every answer is signed (`X-OpenDSR-Signature`) by the key in the certificate that the discovery names.
"""

from base64 import b64encode
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from governance.errors import NotFound
from governance.ids import SubjectId
from governance.rights.model import Channel, NewRightsRequest, Right, RightsRequest
from serve_apps.ingress.auth import DpoCaller
from serve_apps.ingress.links import signed_link
from serve_apps.ingress.schemas.common import problems
from serve_apps.ingress.schemas.opendsr import (
    STATUS,
    Discovery,
    DsrCancellation,
    DsrReceipt,
    DsrStatus,
    DsrType,
    Identity,
    IdentityType,
    NewDsr,
    SupportedIdentity,
)
from serve_apps.ingress.services import Parts, Services

router = APIRouter(prefix="/opendsr/v2", tags=["OpenDSR"])


@router.get("/discovery", response_model=Discovery)
async def discover(request: Request, parts: Parts) -> Response:
    """What is supported, and the certificate of the signatures. Open to everybody."""
    document = Discovery(
        supported_identities=[SupportedIdentity(identity_type=one) for one in IdentityType],
        supported_subject_request_types=list(DsrType),
        processor_certificate=f"{_base(parts, request)}/opendsr/v2/certificate",
    )
    return _signed(parts, request, document)


@router.get(
    "/certificate",
    response_class=Response,
    responses={200: {"description": "PEM", "content": {"application/x-pem-file": {}}}},
)
async def read_certificate(request: Request, parts: Parts) -> Response:
    """The X.509 certificate of the signatures. Open to everybody."""
    return Response(parts.secrets.dsr_signer.certificate(_domain(request)), media_type="application/x-pem-file")


@router.post("/requests", status_code=201, response_model=DsrReceipt, responses=problems(404))
async def submit(body: NewDsr, request: Request, caller: DpoCaller, parts: Parts) -> Response:
    """A person's request by way of another controller. The same `subject_request_id` is the same request."""
    subject = await _subject(parts, body.subject_identities[0])
    right, number = Right(body.subject_request_type.value), body.subject_request_id
    opened = await parts.governance.ask(NewRightsRequest(right, subject, Channel.OPENDSR, number=number))
    parts.export_wanted.set()
    document = DsrReceipt(
        controller_id=caller.id,
        expected_completion_time=opened.due_at,
        received_time=opened.created_at,
        encoded_request=b64encode(await request.body()).decode(),
        subject_request_id=number,
    )
    return _signed(parts, request, document, 201)


@router.get("/requests/{number}", response_model=DsrStatus, responses=problems(404))
async def read_status(number: UUID, request: Request, caller: DpoCaller, parts: Parts) -> Response:
    """How it is going; `results_url` is a link to the archive that works for a while."""
    found = await _numbered(parts, number)
    document = DsrStatus(
        controller_id=caller.id,
        expected_completion_time=found.due_at,
        subject_request_id=number,
        request_status=STATUS[found.state],
        results_url=signed_link(parts, request, found.result) if found.result else None,
    )
    return _signed(parts, request, document)


@router.delete("/requests/{number}", status_code=202, response_model=DsrCancellation, responses=problems(404, 409))
async def cancel(number: UUID, request: Request, caller: DpoCaller, parts: Parts) -> Response:
    """Takes back what is not answered yet; an erasure cannot be."""
    found = await parts.governance.withdraw((await _numbered(parts, number)).id)
    received = found.answered_at or parts.now()
    document = DsrCancellation(controller_id=caller.id, received_time=received, subject_request_id=number)
    return _signed(parts, request, document, 202)


async def _subject(parts: Services, identity: Identity) -> SubjectId:
    if identity.identity_type is IdentityType.CONTROLLER_CUSTOMER_ID:
        return SubjectId(identity.identity_value).check()
    account = await parts.governance.account_by_email(parts.secrets.email_hash(identity.identity_value))
    if account is None:
        raise NotFound("nobody with this identity is known here")
    return account.subject.id


async def _numbered(parts: Services, number: UUID) -> RightsRequest:
    found = await parts.governance.rights_by_number(number)
    if found is None:
        raise NotFound()
    return found


def _signed(parts: Services, request: Request, document: BaseModel, status: int = 200) -> Response:
    body = document.model_dump_json().encode()
    headers = {
        "X-OpenDSR-Processor-Domain": _domain(request),
        "X-OpenDSR-Signature": parts.secrets.dsr_signer.sign(body),
    }
    return Response(body, status, headers, media_type="application/json")


def _base(parts: Services, request: Request) -> str:
    return (parts.settings.public_url or str(request.base_url)).rstrip("/")


def _domain(request: Request) -> str:
    return request.url.hostname or "localhost"
