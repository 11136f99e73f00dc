"""Trainings: photos and captions become a job in the queue."""

import asyncio

from governance.model import (
    Artifact,
    ArtifactId,
    By,
    Charge,
    Job,
    JobId,
    Kind,
    NewArtifact,
    NewJob,
    Purpose,
    SubjectId,
)
from serve_apps.checks.model import Looks
from serve_apps.ingress.errors import Complaint, Invalid
from serve_apps.ingress.idempotency import Once, once, recalled, settle
from serve_apps.ingress.recipes import Work, taken
from serve_apps.ingress.schemas.trainings import NewTraining
from serve_apps.ingress.services import Services


async def begin(parts: Services, owner: SubjectId, body: NewTraining, key: str | None) -> Job:
    """A queued job. `NotFound` and `Gone` for photos that are not there, `Invalid` for what are no photos and
    for knobs beyond their limits."""
    this = once(parts, owner, key, "/v1/trainings", body.model_dump_json().encode())
    first = await recalled(parts, this)
    if first is not None:
        return await parts.governance.job(JobId(first), owner)
    _check_number(parts, body)
    work = taken(parts.settings.trainings, body.preset, body.params())
    photos = [await parts.governance.artifact(ArtifactId(photo), owner) for photo in body.photos]
    _check_kinds(photos)
    await _check_together(parts, photos)
    captions = [await _caption(parts, owner, photo, body.captions.get(photo.id)) for photo in photos]
    inputs = (*[photo.id for photo in photos], *[caption for caption in captions if caption is not None])
    return await _enqueue(parts, owner, work, inputs, this)


async def _enqueue(
    parts: Services, owner: SubjectId, work: Work, inputs: tuple[ArtifactId, ...], this: Once | None
) -> Job:
    """The queue itself keeps a key from making two jobs; captions written for nothing are erased again."""
    settings = parts.settings.trainings
    job = await parts.governance.enqueue_job(
        NewJob(
            owner=owner,
            inputs=inputs,
            preset=work.preset,
            params=work.params,
            idempotency_key=this.key if this else None,
            gpu_seconds=work.gpu_seconds(settings),
            memory_mb=settings.memory_mb,
            charge=Charge(work.credits(parts.prices.trainings[work.preset])),
        )
    )
    for artifact in set(inputs) - set(job.inputs):
        await parts.governance.erase(artifact, By.SUBJECT, owner)
    await settle(parts, this, job.id, _keep)
    return job


async def _keep(_: str) -> None:
    """The queue made one job for the key, whoever remembered it first."""


def _check_number(parts: Services, body: NewTraining) -> None:
    settings = parts.settings.trainings
    if not settings.min_photos <= len(body.photos) <= settings.max_photos:
        detail = (
            f"a training takes {settings.min_photos} to {settings.max_photos} photos, {len(body.photos)} were named"
        )
        raise Invalid(detail, code="number_of_photos", param="photos")


def _check_kinds(photos: list[Artifact]) -> None:
    wrong = [
        Complaint(f"photos[{number}]", "not_a_photo", f"this is a {artifact.kind}, not a photo")
        for number, artifact in enumerate(photos)
        if artifact.kind is not Kind.PHOTO
    ]
    if wrong:
        raise Invalid("; ".join(f"{each.field}: {each.detail}" for each in wrong), code="not_a_photo", complaints=wrong)


async def _check_together(parts: Services, photos: list[Artifact]) -> None:
    """What can only be said of all photos of a model, also of those that came in different uploads: before a credit is
    held for it."""
    looks: list[Looks] = []
    try:
        for photo in photos:
            async with parts.holder.plaintext(photo.id, Purpose.TRAINING) as data:
                looks.append(await asyncio.to_thread(parts.inspector.look, data))
        remarks = parts.inspector.compare(looks)
    finally:
        for each in looks:
            each.wipe()
    if remarks:
        wrong = [Complaint(f"photos[{each.number}]", each.reason, each.detail) for each in remarks]
        told = "; ".join(f"{each.field}: {each.detail}" for each in wrong)
        raise Invalid(f"no model can be made of these photos: {told}", code="photos_refused", complaints=wrong)


async def _caption(parts: Services, owner: SubjectId, photo: Artifact, text: str | None) -> ArtifactId | None:
    if text is None:
        return None
    new = NewArtifact(Kind.CAPTION, (owner,), Purpose.TRAINING, parents=(photo.id,))
    return (await parts.holder.write(new, bytearray(text.encode()))).id
