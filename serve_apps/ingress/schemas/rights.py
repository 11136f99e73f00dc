"""Requests by which people exercise their rights."""

from datetime import datetime

from pydantic import Field, model_validator

from governance.model import Purpose
from governance.rights.model import Right, RightsRequest
from serve_apps.ingress.schemas.accounts import Name
from serve_apps.ingress.schemas.common import Answer, Body
from serve_apps.ingress.schemas.trainings import Caption


class NewRight(Body):
    """`purpose`: what an objection is about. `artifact`: one photo, model or picture to erase, or the caption to
    correct. A rectification gives the corrected `name`, or the corrected `text` of a caption: what was derived from the
    wrong one goes; with `rederive` it is trained anew."""

    right: Right = Field(examples=["access"])
    purpose: Purpose | None = None
    artifact: str | None = None
    name: Name | None = None
    text: Caption | None = Field(default=None, repr=False)
    rederive: bool = False

    @model_validator(mode="after")
    def _fits(self) -> "NewRight":
        if (self.right is Right.OBJECTION) != (self.purpose is not None):
            raise ValueError("an objection names a `purpose`, and nothing else does")
        correction = self.name is not None or (self.artifact is not None and self.text is not None)
        if (self.right is Right.RECTIFICATION) != correction:
            raise ValueError("a rectification gives a `name`, or an `artifact` with its corrected `text`")
        return self


class RightAnswer(Answer):
    """`due_at`: the promised answer at the latest. `result`: the archive or the corrected artifact, at `/v1/artifacts`;
    `answer`: a message to you, there as well."""

    object: str = "right"
    id: str = Field(examples=["req_01a20baf9dd6707993b5dc044a7a3ac2"])
    right: str = Field(examples=["access"])
    state: str = Field(examples=["received"])
    outcome: str | None
    purpose: str | None
    artifact: str | None
    result: str | None
    answer: str | None
    extended: bool
    created_at: datetime
    due_at: datetime
    answered_at: datetime | None


def right_answer(request: RightsRequest) -> RightAnswer:
    return RightAnswer(
        id=request.id,
        right=request.right,
        state=request.state,
        outcome=request.outcome,
        purpose=request.purpose,
        artifact=request.artifact,
        result=request.result,
        answer=request.answer,
        extended=request.extended,
        created_at=request.created_at,
        due_at=request.due_at,
        answered_at=request.answered_at,
    )
