"""Whether a picture was made here."""

from pydantic import Field

from serve_apps.ingress.schemas.common import Answer
from serve_apps.provenance.stamp import Origin
from serve_apps.provenance.watermark import SURE


class WatermarkAnswer(Answer):
    """The mark in the pixels; it survives compression, scaling and cropping."""

    found: bool
    score: float = Field(description=f"Found from {SURE:.0f} on.", examples=[20.7])


class CredentialsAnswer(Answer):
    """The C2PA statement in the file; most software that changes a picture removes it. `intact`: signature and picture
    belong together."""

    found: bool
    intact: bool
    signed_here: bool


class VerifyAnswer(Answer):
    """`made_here` by either sign. A picture without any may still be from here: marks can be destroyed on purpose, and
    very small pictures carry none."""

    made_here: bool
    watermark: WatermarkAnswer
    credentials: CredentialsAnswer


def verify_answer(origin: Origin) -> VerifyAnswer:
    statement = origin.statement
    return VerifyAnswer(
        made_here=origin.made_here,
        watermark=WatermarkAnswer(found=origin.mark.found, score=round(origin.mark.score, 1)),
        credentials=CredentialsAnswer(
            found=statement is not None,
            intact=statement is not None and statement.intact,
            signed_here=statement is not None and statement.ours,
        ),
    )
