"""Artifacts: photos, models, pictures and everything else derived from a person."""

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from governance.model import Artifact, Kind
from serve_apps.ingress.schemas.common import Answer


class Shown(StrEnum):
    """The kinds a person can list and read; the profile has a route of its own."""

    PHOTO = Kind.PHOTO
    CAPTION = Kind.CAPTION
    PROMPT = Kind.PROMPT
    CHECKPOINT = Kind.CHECKPOINT
    ADAPTER = Kind.ADAPTER
    IMAGE = Kind.IMAGE
    PREVIEW = Kind.PREVIEW
    REPORT = Kind.REPORT
    EXPORT = Kind.EXPORT
    MESSAGE = Kind.MESSAGE
    ATTACHMENT = Kind.ATTACHMENT
    WEBHOOK = Kind.WEBHOOK


class ArtifactAnswer(Answer):
    """`deadline`: when it is erased at the latest; null: as long as the account. `parents`: what it was made from."""

    object: str = "artifact"
    id: str = Field(examples=["art_01a20baf9dd6707993b5dc044a7a3ac2"])
    kind: str = Field(examples=["photo"])
    purpose: str = Field(examples=["training"])
    parents: list[str]
    run: str | None
    state: str = Field(examples=["live"])
    size: int | None = Field(description="Bytes.")
    created_at: datetime
    deadline: datetime | None


class PhotosAnswer(Answer):
    """The photos that were taken in, in the order they were sent."""

    object: str = "list"
    data: list[ArtifactAnswer]


def artifact_answer(artifact: Artifact) -> ArtifactAnswer:
    return ArtifactAnswer(
        id=artifact.id,
        kind=artifact.kind,
        purpose=artifact.purpose,
        parents=list(artifact.parents),
        run=artifact.run,
        state=artifact.state,
        size=artifact.size,
        created_at=artifact.created_at,
        deadline=artifact.deadline,
    )
