"""The privacy policy's own data (P1.1)."""

from datetime import date, datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from governance.people.model import Announcement, AnnouncementKind
from serve_apps.ingress.schemas.common import Answer, Body


class ControllerAnswer(Answer):
    name: str
    contact: str
    address: str


class GpcAnswer(Answer):
    """The document of the Global Privacy Control proposal."""

    gpc: bool = Field(examples=[True])
    lastUpdate: date = Field(examples=["2025-12-04"])  # noqa: N815 - the proposal's name


class AnnouncementBody(Body):
    """`sha256` of the text that is to take effect: the file of the policy, or the notice of the transfer."""

    version: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{0,39}$")] = Field(examples=["2026-06-01"])
    kind: AnnouncementKind = AnnouncementKind.POLICY
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] = Field(examples=["0" * 64])


class AnnouncementAnswer(Answer):
    """`waiting`: notices that have not left yet; `earliest` null: while any waits."""

    object: str = "announcement"
    version: str = Field(examples=["2026-06-01"])
    kind: AnnouncementKind
    sha256: str = Field(examples=["0" * 64])
    announced_at: datetime = Field(examples=["2026-05-01T12:00:00Z"])
    waiting: int = Field(examples=[0])
    earliest: datetime | None = Field(examples=["2026-05-15T12:00:00Z"])
    in_force_at: datetime | None = Field(examples=["2026-06-01T00:00:00Z"])


def announcement_answer(one: Announcement) -> AnnouncementAnswer:
    return AnnouncementAnswer(
        version=one.version,
        kind=one.kind,
        sha256=one.digest.hex(),
        announced_at=one.announced_at,
        waiting=one.waiting,
        earliest=one.earliest,
        in_force_at=one.in_force_at,
    )


class PolicyAnswer(Answer):
    """`sha256` is of the policy's text as data; `retention_days` null: as long as the account."""

    version: str
    effective: date
    controller: ControllerAnswer
    sha256: str = Field(min_length=64, max_length=64)
    retention_days: dict[str, int | None]
    announced: list[AnnouncementAnswer] = Field(description="What is to take effect later.")
    purposes: dict[str, str] = Field(description="Each purpose with its legal basis.")
