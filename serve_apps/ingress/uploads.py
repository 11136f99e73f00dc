"""Photo intake: every photo is checked before any is kept, and a refusal names each photo that is at fault."""

import asyncio
from collections.abc import Sequence

from governance.model import Artifact, ArtifactId, By, Kind, NewArtifact, Purpose, SubjectId
from serve_apps.config import UploadSettings
from serve_apps.ingress.errors import Complaint, Invalid
from serve_apps.ingress.idempotency import once, perform
from serve_apps.ingress.multipart import Part
from serve_apps.ingress.photos import CleanPhoto, PhotoRefused, clean, too_many_bytes
from serve_apps.ingress.services import Services

AT_ONCE = 2
SHOWN_NAME = 80


async def take_in(parts: Services, owner: SubjectId, form: Sequence[Part], key: str | None) -> list[Artifact]:
    """The photos as artifacts, in the order they came; `Invalid` names every photo that was refused, and then
    none is kept. The parts are wiped in any case."""
    try:
        photos = _photos(form, parts.settings.uploads)
        this = once(parts, owner, key, "/v1/uploads", *[photo.data for photo in photos])

        async def work() -> str:
            return ",".join(await _keep(parts, owner, await _cleaned(photos, parts.settings.uploads)))

        async def undo(reference: str) -> None:
            await _erase(parts, owner, reference.split(","))

        reference = await perform(parts, this, work, undo)
    finally:
        for part in form:
            part.wipe()
    return [await parts.governance.artifact(ArtifactId(id_), owner) for id_ in reference.split(",")]


def _photos(form: Sequence[Part], limits: UploadSettings) -> list[Part]:
    photos = [part for part in form if part.filename is not None]
    if not photos:
        raise Invalid("the form has no photo; send each as a file field named `photos`", code="no_photos")
    if len(photos) > limits.max_photos:
        raise Invalid(
            f"{len(photos)} photos were sent, at most {limits.max_photos} are accepted", code="too_many_photos"
        )
    return photos


async def _cleaned(photos: Sequence[Part], limits: UploadSettings) -> list[CleanPhoto]:
    turn = asyncio.Semaphore(AT_ONCE)

    async def check(photo: Part) -> CleanPhoto | PhotoRefused:
        async with turn:
            try:
                return await asyncio.to_thread(_clean, photo, limits)
            except PhotoRefused as refusal:
                return refusal

    checked = await asyncio.gather(*[check(photo) for photo in photos])
    refusals = [
        _complaint(number, photo, result)
        for number, (photo, result) in enumerate(zip(photos, checked, strict=True))
        if isinstance(result, PhotoRefused)
    ]
    accepted = [result for result in checked if isinstance(result, CleanPhoto)]
    if refusals:
        _wipe(accepted)
        told = "; ".join(f"{each.field}: {each.detail}" for each in refusals)
        detail = f"{len(refusals)} of {len(photos)} photos were refused and none was kept: {told}"
        raise Invalid(detail, code="photos_refused", complaints=refusals)
    return accepted


def _clean(photo: Part, limits: UploadSettings) -> CleanPhoto:
    if photo.size > limits.max_photo_bytes:
        raise too_many_bytes(photo.size, limits)
    return clean(photo.data, limits)


def _complaint(number: int, photo: Part, refusal: PhotoRefused) -> Complaint:
    name = f" ({photo.filename[:SHOWN_NAME]})" if photo.filename else ""
    return Complaint(f"photos[{number}]{name}", refusal.fault, refusal.detail)


async def _keep(parts: Services, owner: SubjectId, photos: Sequence[CleanPhoto]) -> list[str]:
    kept: list[str] = []
    try:
        for photo in photos:
            new = NewArtifact(Kind.PHOTO, (owner,), Purpose.TRAINING)
            kept.append((await parts.holder.write(new, photo.data)).id)
    except BaseException:
        await _erase(parts, owner, kept)
        raise
    finally:
        _wipe(photos)
    return kept


async def _erase(parts: Services, owner: SubjectId, ids: Sequence[str]) -> None:
    for id_ in ids:
        await parts.governance.erase(ArtifactId(id_), By.SUBJECT, owner)


def _wipe(photos: Sequence[CleanPhoto]) -> None:
    for photo in photos:
        photo.data[:] = bytes(len(photo.data))
