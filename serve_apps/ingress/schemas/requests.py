"""Requests by which people exercise their rights, and their certificates."""

from datetime import datetime

from pydantic import Field

from governance.model import Request
from serve_apps.ingress.schemas.common import Answer


class RequestAnswer(Answer):
    """`state` goes from `fenced` (nothing can be read any more) to `completed` (the certificate is there).
    `counts`: how many artifacts of each kind go; `held`: what a legal duty keeps; `due_at`: the promised end."""

    object: str = "request"
    id: str = Field(examples=["req_01a20baf9dd6707993b5dc044a7a3ac2"])
    kind: str = Field(examples=["erasure"])
    target: str
    state: str = Field(examples=["fenced"])
    counts: dict[str, int]
    held: dict[str, int]
    created_at: datetime
    due_at: datetime
    completed_at: datetime | None
    certificate: str | None = Field(description="Where the certificate is, once the request is completed.")


def request_answer(request: Request) -> RequestAnswer:
    done = request.completed_at is not None
    return RequestAnswer(
        id=request.id,
        kind=request.kind,
        target=request.target,
        state=request.state,
        counts=dict(request.counts),
        held=dict(request.held),
        created_at=request.created_at,
        due_at=request.due_at,
        completed_at=request.completed_at,
        certificate=f"/v1/requests/{request.id}/certificate" if done else None,
    )
