"""Photos in a folder, for an operator who trains without the service.

A photo's caption stands beside it in a text file of its name (`anna.jpg`, `anna.txt`), as the common trainers have it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from training.album import Pixels, decode
from training.errors import InvalidJob, NoPhotos, UnreadablePhoto

ENDINGS = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".avif"})


@dataclass(frozen=True, slots=True)
class Photos:
    """`pixels`: uint8 [photos, side, side, 3]; `captions`: one for each."""

    pixels: Pixels = field(repr=False)
    captions: Sequence[str] = field(repr=False)

    def __len__(self) -> int:
        return len(self.captions)


def files_of(folder: Path) -> list[Path]:
    """The photos in a folder by name, not those in folders within. `InvalidJob` when it is no folder."""
    if not folder.is_dir():
        raise InvalidJob(f"{folder} is no folder; name one with photos in it")
    return sorted(file for file in folder.iterdir() if file.suffix.lower() in ENDINGS)


def read_folder(folder: Path, side: int, caption: str) -> Photos:
    """Every photo, cropped to its middle and brought to `side` pixels; `caption` where none stands beside one.

    Raises `InvalidJob`, `NoPhotos`, and `UnreadablePhoto` with the file's name.
    """
    files = files_of(folder)
    if not files:
        raise NoPhotos(f"{folder} holds no photo; put pictures ({', '.join(sorted(ENDINGS))}) in it")
    return Photos(np.stack([_read(file, side) for file in files]), [_caption(file) or caption for file in files])


def _read(file: Path, side: int) -> Pixels:
    try:
        return decode(bytearray(file.read_bytes()), side)
    except UnreadablePhoto as error:
        raise UnreadablePhoto(f"{file} cannot be read as a picture: replace or remove it ({error})") from None
    except OSError as error:
        raise UnreadablePhoto(f"{file} cannot be opened: {error.strerror}") from None


def _caption(photo: Path) -> str:
    beside = photo.with_suffix(".txt")
    if not beside.is_file():
        return ""
    try:
        return " ".join(beside.read_text("utf-8").split())
    except UnicodeDecodeError:
        raise InvalidJob(f"{beside} is no UTF-8 text; save the caption as UTF-8") from None
