"""`/v1/requests`: how an erasure is going, and its certificate. A token of an erased account may read these."""

from typing import Any

from fastapi import APIRouter, Response

from governance.model import RequestId
from serve_apps.ingress.auth import FormerCaller
from serve_apps.ingress.errors import NotReady
from serve_apps.ingress.schemas.common import problems
from serve_apps.ingress.schemas.requests import RequestAnswer, request_answer
from serve_apps.ingress.services import Parts

CERTIFICATE: dict[str, Any] = {
    "application/json": {
        "schema": {"type": "object"},
        "example": {
            "format": "pixreunion.erasure-certificate/1",
            "body": {"request": "req_01a20baf9dd6707993b5dc044a7a3ac2", "scope": "account", "erased": {"photo": 12}},
            "evidence": [],
            "checkpoint": "pixreunion\n42\n…",
            "key": {"id": "9f86d081884c7d659a2feaa0c55ad015", "algorithm": "Ed25519", "public": "…"},
            "signature": "…",
        },
    }
}

router = APIRouter(prefix="/v1/requests", tags=["requests"])


@router.get("/{request_id}", responses=problems(404))
async def read_request(request_id: str, caller: FormerCaller, parts: Parts) -> RequestAnswer:
    """The steps done so far, what went and what a legal duty keeps."""
    return request_answer(await parts.governance.request(RequestId(request_id), caller.id))


@router.get(
    "/{request_id}/certificate",
    response_class=Response,
    responses=problems(404) | {200: {"description": "The signed certificate", "content": CERTIFICATE}},
)
async def read_certificate(request_id: str, caller: FormerCaller, parts: Parts) -> Response:
    """The signed certificate, which `pixreunion verify` checks offline; `not_ready` until the request is completed."""
    certificate = await parts.governance.certificate(RequestId(request_id), caller.id)
    if certificate is None:
        raise NotReady("the erasure is not completed yet; there is no certificate before that", retry_after_s=1)
    return Response(certificate.document, media_type="application/json")
