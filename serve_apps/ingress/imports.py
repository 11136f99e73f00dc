"""Takes in an export of another installation: photos, captions, prompts, models and pictures, with their lineage.

The archive is read in memory. Nothing in it is believed: sizes and digests are checked, photos are decoded and encoded
anew like any upload, adapters and pictures must be what they claim. What belongs to the other controller (messages,
reports, checkpoints, its records) stays there.
"""

import io
import json
import zipfile
from collections.abc import Mapping
from hashlib import sha256

from PIL import Image
from pydantic import ValidationError
from safetensors import SafetensorError
from safetensors.numpy import load

from governance.model import ArtifactId, By, Kind, NewArtifact, Purpose, SubjectId
from serve_apps.config import UploadSettings
from serve_apps.ingress.archive import DATA
from serve_apps.ingress.errors import Invalid
from serve_apps.ingress.photos import PhotoRefused, clean
from serve_apps.ingress.schemas.export import FORMAT, ExportDocument, ExportedArtifact
from serve_apps.ingress.services import Services

PURPOSES = {
    Kind.PHOTO: Purpose.TRAINING, Kind.CAPTION: Purpose.TRAINING, Kind.ADAPTER: Purpose.TRAINING,
    Kind.PROMPT: Purpose.GENERATION, Kind.IMAGE: Purpose.GENERATION,
}  # fmt: skip
"""The kinds that are taken over, each with what it is for here."""

MAX_ENTRIES = 20_000
MAX_DATA_BYTES = 50_000_000


async def take_over(parts: Services, owner: SubjectId, archive: bytearray) -> dict[str, str]:
    """New ids by the archive's. `Invalid` when anything in it is wrong, and then nothing of it is kept."""
    limits = parts.settings.uploads
    made: dict[str, ArtifactId] = {}
    try:
        with _opened(archive, limits) as file:
            for entry in _wanted(_document(file)):
                data = _checked(entry, _bytes_of(file, entry), limits)
                try:
                    parents = tuple(made[one] for one in entry.parents if one in made)
                    kind = Kind(entry.kind)
                    new = NewArtifact(kind, (owner,), PURPOSES[kind], parents)
                    made[entry.id] = (await parts.holder.write(new, data)).id
                finally:
                    data[:] = bytes(len(data))
    except BaseException as error:
        for id in made.values():
            await parts.governance.erase(id, By.SUBJECT, owner)
        if isinstance(error, zipfile.BadZipFile):
            raise Invalid("this is no ZIP archive, or a broken one", code="bad_archive") from None
        raise
    return {old: str(new) for old, new in made.items()}


def _opened(archive: bytearray, limits: UploadSettings) -> zipfile.ZipFile:
    file = zipfile.ZipFile(io.BytesIO(archive))
    entries = file.infolist()
    if len(entries) > MAX_ENTRIES or sum(each.file_size for each in entries) > limits.max_request_bytes * 2:
        raise Invalid("the archive unpacks to more than is accepted", code="too_large")
    return file


def _document(file: zipfile.ZipFile) -> ExportDocument:
    try:
        if file.getinfo(DATA).file_size > MAX_DATA_BYTES:
            raise Invalid("data.json is too large", code="too_large")
        document = ExportDocument.model_validate_json(file.read(DATA))
    except (KeyError, ValidationError):
        raise Invalid(f"the archive has no {DATA} of the format {FORMAT}", code="bad_archive") from None
    if document.format != FORMAT:
        raise Invalid(f"the archive's format is not {FORMAT}", code="bad_archive")
    return document


def _wanted(document: ExportDocument) -> list[ExportedArtifact]:
    """What is taken over, parents first."""
    found = [each for each in document.artifacts if each.kind in PURPOSES and each.left_out is None]
    return sorted(found, key=lambda each: (each.created_at, each.id))


def _bytes_of(file: zipfile.ZipFile, entry: ExportedArtifact) -> bytearray:
    if entry.file is None:
        return bytearray(_text(entry.content).encode())
    try:
        data = bytearray(file.read(entry.file))
    except KeyError:
        raise _wrong(entry, "its file is missing") from None
    if sha256(data).hexdigest() != entry.sha256:
        raise _wrong(entry, "its bytes are not those that data.json names")
    return data


def _checked(entry: ExportedArtifact, data: bytearray, limits: UploadSettings) -> bytearray:
    """Photos anew; the others as they are, once they were seen to be what they claim."""
    if entry.kind == Kind.PHOTO:
        try:
            return clean(data, limits).data
        except PhotoRefused as refusal:
            raise _wrong(entry, refusal.detail) from None
    if entry.kind == Kind.ADAPTER:
        try:
            load(bytes(data))
        except SafetensorError:
            raise _wrong(entry, "it is no safetensors file") from None
    if entry.kind == Kind.IMAGE:
        _check_picture(entry, data, limits)
    return data


def _check_picture(entry: ExportedArtifact, data: bytearray, limits: UploadSettings) -> None:
    try:
        with Image.open(io.BytesIO(data), formats=("PNG",)) as image:
            if image.width * image.height > limits.max_pixels:
                raise _wrong(entry, "it has too many pixels")
            image.verify()
    except (OSError, SyntaxError, ValueError):
        raise _wrong(entry, "it is no PNG") from None


def _text(content: object) -> str:
    if isinstance(content, str):
        return content
    return json.dumps(content if isinstance(content, Mapping | list) else str(content))


def _wrong(entry: ExportedArtifact, why: str) -> Invalid:
    return Invalid(f"the archive's {entry.kind} {entry.id[:36]} cannot be taken over: {why}", code="bad_archive")
