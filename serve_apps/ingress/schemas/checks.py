"""What is said of photos before they are taken in."""

from collections.abc import Sequence

from pydantic import Field

from serve_apps.ingress.schemas.common import Answer
from serve_apps.ingress.uploads import Verdict


class PhotoRemark(Answer):
    """One reason why a photo would be refused; `code` never changes its meaning."""

    code: str = Field(examples=["photo_blurred"])
    detail: str = Field(examples=["the photo is blurred (sharpness 12, 40 or more is needed); send a sharper one"])


class CheckedPhoto(Answer):
    """One photo, by its place in the form from 0. Sides in pixels, null where the file is no picture."""

    number: int = Field(examples=[0])
    accepted: bool
    width: int | None
    height: int | None
    sharpness: float | None = Field(description="Higher is sharper.", examples=[1523.2])
    remarks: list[PhotoRemark]


class CheckedPhotos(Answer):
    """`accepted`: all of them would be taken in together."""

    accepted: bool
    data: list[CheckedPhoto]


def checked_photos(verdicts: Sequence[Verdict]) -> CheckedPhotos:
    data = [_checked(number, verdict) for number, verdict in enumerate(verdicts)]
    return CheckedPhotos(accepted=all(each.accepted for each in data), data=data)


def _checked(number: int, verdict: Verdict) -> CheckedPhoto:
    looks = verdict.looks
    return CheckedPhoto(
        number=number,
        accepted=not verdict.remarks,
        width=looks.width if looks else None,
        height=looks.height if looks else None,
        sharpness=round(looks.sharpness, 1) if looks else None,
        remarks=[PhotoRemark(code=code, detail=detail) for code, detail in verdict.remarks],
    )
