"""Recognise a picture that was scaled, cropped, turned or encoded anew.

A picture is reduced to 32 × 32 grey values with mean 0 and length 1; two such vectors of the same picture have a
product near 1 whatever the encoder did, those of different pictures rarely exceed 0.9. Turns and crops of the canary
are held ready, so that a stranger costs one matrix product; the best of them are then moved and stretched until they
fit as well as they can.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE = 32
SAME = 0.94
"""From this product on, two pictures count as the same."""
EQUAL = 0.97
"""From this product on, half a picture is enough."""
WORTH_FITTING = 0.4
_FLAT = 3.0
_SCALES = (0.9, 0.75, 0.6, 0.48)
_CROP_STEP = 0.08
_FITTED = 4
_STEPS = (0.08, 0.04, 0.02, 0.01)
_ROUNDS = 4
_KEPT = 256

Vector = NDArray[np.float32]
Box = tuple[float, float, float, float]
"""Left, top, right, bottom, as fractions of width and height."""
_WHOLE: Box = (0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Likeness:
    """How a picture looks: a small grey copy, and `views` [n, 1024]: turned ones, then crops at `boxes`."""

    grey: Image.Image = field(repr=False)
    views: Vector = field(repr=False)
    boxes: tuple[Box, ...] = field(repr=False)

    @classmethod
    def of(cls, image: Image.Image) -> Likeness:
        """All views of a picture."""
        grey = image.convert("L")
        grey.thumbnail((_KEPT, _KEPT), Image.Resampling.BOX)
        boxes = tuple(_crops(grey.width, grey.height))
        turned = [_unit(_grid(grey.transpose(turn))) for turn in Image.Transpose]
        cropped = [_unit(_grid(grey, box)) for box in boxes]
        return cls(grey, np.stack([*turned, *cropped]), boxes)

    def score(self, image: Image.Image, torn: bool = False) -> float:
        """How alike the pictures are at best, in [-1, 1]; of a `torn` picture only the upper half is compared."""
        rows = SIDE // 2 if torn else SIDE
        wanted = _wanted(image, rows)
        if wanted is None:
            return 0.0
        scores = _upper(self.views, rows) @ wanted
        best = float(scores.max())
        if best >= SAME or best < WORTH_FITTING:
            return best
        crops = scores[-len(self.boxes) :]
        likely = np.argsort(crops)[-_FITTED:]
        return max(best, *(self._fit(self.boxes[i], float(crops[i]), wanted, rows) for i in likely))

    def resembles(self, image: Image.Image, torn: bool = False) -> bool:
        """Whether `image` shows this picture or a part of it."""
        return self.score(image, torn) >= SAME or self._begins_alike(image)

    def _begins_alike(self, image: Image.Image) -> bool:
        """Whether the upper halves are all but equal: a torn stream goes on as noise that still decodes."""
        wanted = _wanted(image, SIDE // 2)
        return wanted is not None and float((_upper(self.views, SIDE // 2) @ wanted).max()) >= EQUAL

    def _fit(self, box: Box, best: float, wanted: Vector, rows: int) -> float:
        """The best product near a crop: move one edge or two at a time, in smaller and smaller steps."""
        for step in _STEPS:
            for _ in range(_ROUNDS):
                tried = {_product(self.grey, near, wanted, rows): near for near in _neighbours(box, step)}
                if max(tried) <= best:
                    break
                best = max(tried)
                box = tried[best]
                if best >= SAME:
                    return best
        return best


def _crops(width: int, height: int) -> Iterator[Box]:
    yield _WHOLE
    short = min(width, height)
    for scale in (1.0, *_SCALES):
        across, down = scale * short / width, scale * short / height
        for left in np.arange(0, 1 - across + 1e-6, _CROP_STEP).tolist():
            for top in np.arange(0, 1 - down + 1e-6, _CROP_STEP).tolist():
                yield left, top, left + across, top + down


def _neighbours(box: Box, step: float) -> Iterator[Box]:
    left, top, right, bottom = box
    for a, b, c, d in (
        (1, 0, 1, 0),
        (0, 1, 0, 1),
        (1, 0, 0, 0),
        (0, 1, 0, 0),
        (0, 0, 1, 0),
        (0, 0, 0, 1),
        (1, 1, -1, -1),
    ):
        for sign in (-step, step):
            near = (left + a * sign, top + b * sign, right + c * sign, bottom + d * sign)
            if min(near) >= -1e-9 and max(near) <= 1 + 1e-9 and near[2] - near[0] > 0.2 and near[3] - near[1] > 0.2:
                yield near


def _wanted(image: Image.Image, rows: int) -> Vector | None:
    grid = _grid(image.convert("L"))[:rows]
    return None if grid.std() < _FLAT else _unit(grid)


def _product(grey: Image.Image, box: Box, wanted: Vector, rows: int) -> float:
    return float(_unit(_grid(grey, box)[:rows]) @ wanted)


def _grid(grey: Image.Image, box: Box = _WHOLE) -> NDArray[np.float32]:
    left, top, right, bottom = box
    area = (
        max(0.0, left * grey.width),
        max(0.0, top * grey.height),
        min(float(grey.width), right * grey.width),
        min(float(grey.height), bottom * grey.height),
    )
    return np.asarray(grey.resize((SIDE, SIDE), Image.Resampling.BOX, box=area), np.float32)


def _upper(views: Vector, rows: int) -> Vector:
    if rows == SIDE:
        return views
    part = views[:, : rows * SIDE]
    part = part - part.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(part, axis=1, keepdims=True)
    scaled: Vector = part / np.where(lengths > 0, lengths, 1)
    return scaled


def _unit(grid: NDArray[np.float32]) -> Vector:
    vector = (grid - grid.mean()).reshape(-1)
    length = float(np.linalg.norm(vector))
    unit: Vector = vector / np.float32(length or 1)
    return unit
