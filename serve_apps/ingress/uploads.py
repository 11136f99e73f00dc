"""Photo intake: every photo is checked before any is kept, and a refusal names each photo that is at fault.

The checks (`serve_apps/checks/`) come before anything is paid: here for the photos of one form, and once more in
`trainings.py` for the photos a model is to be made of, which may come from several.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from governance.model import Artifact, ArtifactId, By, Kind, NewArtifact, Purpose, SubjectId
from serve_apps.checks.inspector import Inspector
from serve_apps.checks.model import Looks, ScannerUnavailable
from serve_apps.config import UploadSettings
from serve_apps.ingress.errors import Busy, Complaint, Invalid
from serve_apps.ingress.idempotency import once, perform
from serve_apps.ingress.multipart import Part
from serve_apps.ingress.photos import CleanPhoto, PhotoRefused, clean, too_many_bytes
from serve_apps.ingress.services import Services

AT_ONCE = 2
SHOWN_NAME = 80
SCANNER_RETRY_S = 30.0


async def take_in(parts: Services, owner: SubjectId, form: Sequence[Part], key: str | None) -> list[Artifact]:
    """The photos as artifacts, in the order they came; `Invalid` names every photo that was refused, and then
    none is kept. The parts are wiped in any case."""
    try:
        photos = _photos(form, parts.settings.uploads)
        this = once(parts, owner, key, "/v1/uploads", *[photo.data for photo in photos])

        async def work() -> str:
            return ",".join(await _keep(parts, owner, await _cleaned(parts, photos)))

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


@dataclass(slots=True)
class Verdict:
    """What was found of one photo that was sent; `photo` None when it was refused as a file."""

    photo: CleanPhoto | None
    looks: Looks | None
    remarks: list[tuple[str, str]]


async def look_at(parts: Services, form: Sequence[Part]) -> list[Verdict]:
    """What would be said of the photos, in the order they came; none is kept. The parts are wiped."""
    verdicts: list[Verdict] = []
    try:
        verdicts = await _verdicts(parts, _photos(form, parts.settings.uploads))
        return verdicts
    finally:
        _forget(verdicts)
        for part in form:
            part.wipe()


async def _cleaned(parts: Services, photos: Sequence[Part]) -> list[CleanPhoto]:
    verdicts = await _verdicts(parts, photos)
    complaints = [
        _complaint(number, photo, code, detail)
        for number, (photo, verdict) in enumerate(zip(photos, verdicts, strict=True))
        for code, detail in verdict.remarks
    ]
    if complaints:
        refused = sum(bool(verdict.remarks) for verdict in verdicts)
        _forget(verdicts)
        told = "; ".join(f"{each.field}: {each.detail}" for each in complaints)
        detail = f"{refused} of {len(photos)} photos were refused and none was kept: {told}"
        raise Invalid(detail, code="photos_refused", complaints=complaints)
    return [verdict.photo for verdict in verdicts if verdict.photo is not None]


async def _verdicts(parts: Services, photos: Sequence[Part]) -> list[Verdict]:
    """Each photo is looked at by itself, then those that are photos beside each other."""
    turn = asyncio.Semaphore(AT_ONCE)

    async def check(photo: Part) -> Verdict:
        async with turn:
            return await asyncio.to_thread(_verdict, photo, parts.settings.uploads, parts.inspector)

    try:
        verdicts = await asyncio.gather(*[check(photo) for photo in photos])
    except ScannerUnavailable as error:
        raise Busy(f"{error}; try again", code="scanner_unavailable", retry_after_s=SCANNER_RETRY_S) from None
    seen = [verdict for verdict in verdicts if verdict.looks is not None]
    looks = [verdict.looks for verdict in seen if verdict.looks is not None]
    for remark in parts.inspector.compare(looks):
        seen[remark.number].remarks.append((remark.reason, remark.detail))
    for each in looks:
        each.wipe()
    return list(verdicts)


def _verdict(photo: Part, limits: UploadSettings, inspector: Inspector) -> Verdict:
    try:
        if found := inspector.scan(photo.data):
            return Verdict(None, None, [found])
        cleaned = _clean(photo, limits)
    except PhotoRefused as refusal:
        return Verdict(None, None, [(refusal.fault, refusal.detail)])
    return Verdict(cleaned, inspector.look(cleaned.data), [])


def _forget(verdicts: Sequence[Verdict]) -> None:
    _wipe([verdict.photo for verdict in verdicts if verdict.photo is not None])


def _clean(photo: Part, limits: UploadSettings) -> CleanPhoto:
    if photo.size > limits.max_photo_bytes:
        raise too_many_bytes(photo.size, limits)
    return clean(photo.data, limits)


def _complaint(number: int, photo: Part, code: str, detail: str) -> Complaint:
    name = f" ({photo.filename[:SHOWN_NAME]})" if photo.filename else ""
    return Complaint(f"photos[{number}]{name}", code, detail)


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
