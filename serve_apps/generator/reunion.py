"""Several people in one picture: each is made in a place of their own by their own model alone, and the places are
joined from left to right with a soft seam.

    place 1      seam      place 2            width = places * width - seams * width / 8
    ░░░░░░░░░░░░▒▒▒▒▓▓▓▓▓▓▓▓▓▓▓▓

Nobody's model ever touches another's place (I10); all places begin with the same noise, so that light and background
go together.
"""

from collections.abc import Sequence

import numpy as np

from serve_apps.engine.model import Picture

SEAM = 8
"""A seam is this part of a place's width."""


def width_of(places: int, width: int) -> int:
    """The width in pixels of a picture with so many places."""
    return places * width - (places - 1) * (width // SEAM)


def side_by_side(parts: Sequence[Picture]) -> Picture:
    """One picture from parts of one size, uint8 [height, width, 3]; the parts are zeroed. A single one is itself."""
    if len(parts) == 1:
        return parts[0]
    height, width, _ = parts[0].shape
    seam = width // SEAM
    joined = np.zeros((height, width_of(len(parts), width), 3), np.float32)
    for number, part in enumerate(parts):
        left = number * (width - seam)
        joined[:, left : left + width] += part * _weights(width, seam, number > 0, number < len(parts) - 1)
        part[:] = 0
    picture: Picture = np.clip(np.rint(joined), 0, 255).astype(np.uint8)
    joined.fill(0)
    return picture


def _weights(width: int, seam: int, left: bool, right: bool) -> np.ndarray:
    """How much of a part shows in each column [1, width, 1]: it fades in and out over the seams it has."""
    weights = np.ones(width, np.float32)
    rise = (np.arange(seam, dtype=np.float32) + 0.5) / max(1, seam)
    if left:
        weights[:seam] = rise
    if right:
        weights[width - seam :] = rise[::-1]
    return weights[None, :, None]
