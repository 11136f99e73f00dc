"""Consent to pictures of several people."""

from datetime import datetime

from pydantic import Field

from governance.rights.model import Share
from serve_apps.ingress.schemas.common import Answer, Body


class NewShareBody(Body):
    """You agree that the person with the account `receiver` makes pictures of both of you with your `model`."""

    model: str = Field(max_length=64, examples=["art_01a20baf9dd6707993b5dc044a7a3ac2"])
    receiver: str = Field(max_length=64, examples=["sub_01a20baf9dd6707993b5dc044a7a3ac2"])


class ShareAnswer(Answer):
    """In force until `withdrawn_at`, or until the model is gone."""

    object: str = "share"
    id: str = Field(examples=["shr_01a20baf9dd6707993b5dc044a7a3ac2"])
    model: str = Field(examples=["art_01a20baf9dd6707993b5dc044a7a3ac2"])
    giver: str = Field(examples=["sub_01a20baf9dd6707993b5dc044a7a3ac3"])
    receiver: str = Field(examples=["sub_01a20baf9dd6707993b5dc044a7a3ac2"])
    given_at: datetime
    withdrawn_at: datetime | None


class SharesAnswer(Answer):
    """Those in force, given and received, newest first."""

    object: str = "list"
    data: list[ShareAnswer]


def share_answer(share: Share) -> ShareAnswer:
    return ShareAnswer(
        id=share.id,
        model=share.model,
        giver=share.giver,
        receiver=share.receiver,
        given_at=share.given_at,
        withdrawn_at=share.withdrawn_at,
    )
