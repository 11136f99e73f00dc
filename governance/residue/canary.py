"""What the scanner looks for: photos, texts and tensors whose traces must be gone.

A canary's id appears in reports, its content never does; so choose ids such as `photo-3`, not file names.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray
from PIL import Image, ImageOps

from governance.errors import GovernanceError
from governance.residue.likeness import Likeness
from governance.residue.patterns import Pattern, exactly, written_down
from governance.residue.pixels import Effort, picture_patterns
from governance.residue.tensors import tensor_patterns
from governance.residue.texts import MIN_BYTES, telling, text_patterns
from governance.residue.windows import pick

DEFAULT_SIZES = (64, 128, 256)
_MIN_PATTERN = 6
_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,47}", re.ASCII)


class CanaryRefused(GovernanceError, ValueError):
    """This cannot be searched for without finding it everywhere; give something longer or more varied."""

    code = "canary_refused"


@dataclass(frozen=True, slots=True)
class Canary:
    """Something to look for: `patterns` are exact slices of its forms, `likeness` its look if it is a picture."""

    id: str
    patterns: tuple[Pattern, ...] = field(repr=False)
    likeness: Likeness | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.id):
            raise CanaryRefused("a canary's id is printed in reports: use a neutral word such as photo-3")
        if not self.patterns:
            raise CanaryRefused(f"{self.id}: {CanaryRefused.__doc__}")

    @classmethod
    def photo(
        cls,
        id: str,
        photo: bytes | Image.Image,
        sizes: tuple[int, ...] = DEFAULT_SIZES,
        effort: Effort | None = None,
    ) -> Canary:
        """A photo as its file's bytes (any format Pillow reads) or as decoded.

        `sizes`: the square sizes and widths, in pixels, to which the service scales pictures.
        """
        patterns: list[Pattern] = []
        image = photo
        if isinstance(image, bytes):
            patterns += _file_patterns(image)
            image = Image.open(io.BytesIO(image))
            patterns += _metadata_patterns(image)
        for upright in _orientations(image):
            patterns += picture_patterns(upright, sizes, effort or Effort())
        return cls(id, _unique(patterns), Likeness.of(ImageOps.exif_transpose(image)))

    @classmethod
    def text(cls, id: str, text: str) -> Canary:
        """A text of at least 8 bytes and 5 different characters: a name, an address, a prompt."""
        if not telling(text):
            raise CanaryRefused(f"{id}: a text needs {MIN_BYTES} bytes and some variety to be searched for")
        return cls(id, _unique(text_patterns(text)))

    @classmethod
    def tensor(cls, id: str, values: NDArray[Any], count: int = 256) -> Canary:
        """Numbers of any shape: latents, embeddings, the weights of an adapter."""
        return cls(id, _unique(tensor_patterns(values, count)))

    @classmethod
    def raw(cls, id: str, data: bytes, count: int = 256) -> Canary:
        """Any other bytes, such as a file as it was stored; or a key of 32 bytes."""
        slices = pick(data, count)
        return cls(id, _unique([*exactly("bytes", slices), *written_down("bytes", slices[:64])]))

    def without(self, common: frozenset[bytes]) -> Canary:
        """The same, without slices that also occur in strangers' data."""
        return Canary(self.id, tuple(p for p in self.patterns if p.data not in common), self.likeness)


def _file_patterns(data: bytes) -> Iterator[Pattern]:
    slices = pick(data[_header_length(data) :], 256)
    yield from exactly("file", slices)
    yield from written_down("file", slices[::3])


def _header_length(data: bytes) -> int:
    """Where the compressed pixels begin: what stands before is alike in many files."""
    if data.startswith(b"\xff\xd8"):
        return max(0, data.rfind(b"\xff\xda"))
    if data.startswith(b"\x89PNG"):
        return max(0, data.find(b"IDAT"))
    return min(64, len(data) // 4)


def _metadata_patterns(image: Image.Image) -> Iterator[Pattern]:
    for name in ("exif", "xmp", "comment"):
        block = image.info.get(name)
        raw = block.encode() if isinstance(block, str) else block
        if isinstance(raw, bytes):
            yield from exactly(f"file.{name}", pick(raw, 32))


def _orientations(image: Image.Image) -> list[Image.Image]:
    """As stored, and as shown when its metadata turn it."""
    upright = ImageOps.exif_transpose(image)
    turned = image.getexif().get(0x0112, 1) != 1
    return [image, upright] if turned else [image]


def _unique(patterns: Iterable[Pattern]) -> tuple[Pattern, ...]:
    found: dict[bytes, Pattern] = {}
    for pattern in patterns:
        if len(pattern.data) >= _MIN_PATTERN:
            found.setdefault(pattern.data, pattern)
    return tuple(found.values())
