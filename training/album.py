"""What one job learns from: its photos and captions, read through the gate and held in memory only.

The holdings last as long as the job: what was made from them (latents, embeddings, the adapter in the making) lives
under the same leases, and a drop of any of them drops the job.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from governance.api import Governance
from governance.holder import Holder
from governance.model import Artifact, ArtifactId, Kind, Purpose
from training.errors import NoPhotos, UnreadablePhoto

MOST_PIXELS = 50_000_000
Pixels = NDArray[np.uint8]


@dataclass(slots=True)
class Album:
    """`pixels`: uint8 [photos, height, width, 3]; `captions`: one for each photo, None where none was given; `held`:
    this job's own holdings, for another one may hold the same photos."""

    held: list[tuple[ArtifactId, bytearray]] = field(default_factory=list)
    photos: list[ArtifactId] = field(default_factory=list)
    captions: list[str | None] = field(default_factory=list)
    pixels: Pixels = field(default_factory=lambda: np.zeros((0, 0, 0, 3), np.uint8))

    def wipe(self) -> None:
        """Forget what was read; the holdings stay until they are released."""
        self.pixels.fill(0)
        self.captions.clear()


def _square(photo: Image.Image, side: int) -> Image.Image:
    return ImageOps.fit(photo, (side, side), Image.Resampling.LANCZOS)


def _blank(picture: Image.Image) -> None:
    picture.paste((0,) * len(picture.getbands()), (0, 0, *picture.size))


def decode(data: bytearray, side: int) -> Pixels:
    """One photo as uint8 [side, side, 3], cropped to its middle. `UnreadablePhoto` without the decoder's own words,
    which may quote what they read."""
    file = BytesIO(data)
    try:
        with Image.open(file) as photo:
            if photo.width * photo.height > MOST_PIXELS:
                raise UnreadablePhoto(f"a photo has more than {MOST_PIXELS} pixels; upload a smaller one")
            plain = ImageOps.exif_transpose(photo).convert("RGB")
            square = _square(plain, side)
            pixels = np.array(square, dtype=np.uint8)
            for picture in (plain, square):
                _blank(picture)
            return pixels
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise UnreadablePhoto() from None
    finally:
        file.getbuffer()[:] = bytes(len(data))


async def _kinds(governance: Governance, inputs: Sequence[ArtifactId]) -> dict[Kind, list[Artifact]]:
    kinds: dict[Kind, list[Artifact]] = {Kind.PHOTO: [], Kind.CAPTION: []}
    for id in inputs:
        artifact = await governance.artifact(id)
        kinds.setdefault(artifact.kind, []).append(artifact)
    return kinds


async def read_album(
    governance: Governance,
    holder: Holder,
    inputs: Sequence[ArtifactId],
    side: int,
    on_drop: Callable[[], None],
    album: Album,
) -> Album:
    """Fill `album` with every photo among `inputs`, in their order, and the captions whose parent is one of them.

    The caller gives the empty album, so that whatever was held before an error can be released. Raises `NoPhotos`,
    `UnreadablePhoto`, and what the gate raises (`Gone`, `Fenced`, `Frozen`, `Refused`, `NotFound`, `Unavailable`).
    """
    kinds = await _kinds(governance, inputs)
    if not kinds[Kind.PHOTO]:
        raise NoPhotos()
    texts: dict[ArtifactId, str] = {}
    for caption in kinds[Kind.CAPTION]:
        data = await holder.hold(caption.id, Purpose.TRAINING, on_drop)
        album.held.append((caption.id, data))
        texts.update(dict.fromkeys(caption.parents, data.decode("utf-8", "replace")))
    pixels: list[Pixels] = []
    for photo in kinds[Kind.PHOTO]:
        data = await holder.hold(photo.id, Purpose.TRAINING, on_drop)
        album.held.append((photo.id, data))
        pixels.append(decode(data, side))
        album.photos.append(photo.id)
        album.captions.append(texts.get(photo.id))
    album.pixels = np.stack(pixels)
    for one in pixels:
        one.fill(0)
    return album
