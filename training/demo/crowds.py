"""Pictures with none, one or several portraits of the demo world in them, and where the faces are: for `finder.py`."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from training.demo.render import CENTRE, SIZE

Pixels = NDArray[np.uint8]

FACE_SIDE = 34.0 / SIZE
"""The side of a face's square, chin to brow, in shares of its portrait's side at scale 1."""
_FACE_BELOW_CENTRE = 3.0
_PLAIN = 0.35
"""The share of pictures that are one portrait and nothing else, as most photos are."""
_EMPTY = 0.3


@dataclass(frozen=True, slots=True)
class Crowd:
    """A square picture and its faces: float32 (n, 3), middle x, middle y and side in pixels."""

    picture: Pixels
    faces: NDArray[np.float32]


def face_of(box: NDArray[np.float32]) -> NDArray[np.float32]:
    """The face (3,) of a portrait whose `Dataset.boxes` row is `box`, in shares of the portrait's side."""
    x, y, scale = (float(value) for value in box)
    down = CENTRE[1] + y + _FACE_BELOW_CENTRE * scale
    return np.asarray([(CENTRE[0] + x) / SIZE, down / SIZE, FACE_SIDE * scale], np.float32)


def crowd(rng: np.random.Generator, portraits: Pixels, boxes: NDArray[np.float32], side: int) -> Crowd:
    """One picture of `side` pixels from some of the portraits (n, h, w, 3) with their boxes (n, 3)."""
    chance = rng.random()
    if chance < _PLAIN:
        return _one(rng, portraits[0], boxes[0], side)
    ground = _ground(rng, portraits[-1], side)
    if chance < _PLAIN + _EMPTY:
        return Crowd(_without_faces(rng, portraits[0], ground), np.zeros((0, 3), np.float32))
    return _several(rng, portraits, boxes, ground)


def _resized(picture: Pixels, side: int) -> Pixels:
    return np.asarray(Image.fromarray(picture).resize((side, side), Image.Resampling.BILINEAR))


def _one(rng: np.random.Generator, portrait: Pixels, box: NDArray[np.float32], side: int) -> Crowd:
    """A portrait that fills the picture, cropped a little."""
    larger = int(side * rng.uniform(1.0, 1.25))
    left, top = (int(rng.integers(0, larger - side + 1)) for _ in range(2))
    picture = _resized(portrait, larger)[top : top + side, left : left + side]
    face = face_of(box) * larger - np.asarray([left, top, 0], np.float32)
    return Crowd(picture, face[None].astype(np.float32))


def _ground(rng: np.random.Generator, portrait: Pixels, side: int) -> Pixels:
    """What is behind: one colour, a slope of two, blurred shapes, noise, or the edge of a portrait."""
    ends = rng.integers(0, 256, (2, 1, 1, 3)).astype(np.float32)
    slope = np.linspace(0, 1, side, dtype=np.float32)[:, None, None]
    kind = rng.integers(5)
    if kind == 0:
        return np.broadcast_to(ends[0], (side, side, 3)).astype(np.uint8)
    if kind == 1:
        return np.broadcast_to(ends[0] * slope + ends[1] * (1 - slope), (side, side, 3)).astype(np.uint8)
    if kind == 4:
        return _resized(np.ascontiguousarray(portrait[:12]), side)
    grain = side if kind == 3 else int(rng.integers(2, 24))
    return _resized(rng.integers(0, 256, (grain, grain, 3)).astype(np.uint8), side)


def _without_faces(rng: np.random.Generator, portrait: Pixels, ground: Pixels) -> Pixels:
    """The ground, at times with a shirt on it or with a person whose face is painted over."""
    picture, side = ground.copy(), len(ground)
    kind = rng.integers(3)
    if kind == 1:
        height = int(side * rng.uniform(0.2, 0.5))
        lower = Image.fromarray(portrait[54:]).resize((side, height))
        picture[side - height :] = np.asarray(lower)
    if kind == 2:
        picture = _resized(portrait, side).copy()
        down, across = (np.arange(side, dtype=np.float32) / side - middle for middle in (0.5, 0.5))
        over = (down[:, None] / 0.32) ** 2 + (across[None] / 0.32) ** 2 < 1
        fill = picture[side // 2, side // 2] if rng.random() < 0.5 else rng.integers(0, 256, 3)
        picture[over] = fill
    return picture


def _several(rng: np.random.Generator, portraits: Pixels, boxes: NDArray[np.float32], ground: Pixels) -> Crowd:
    """One to three smaller portraits, each in a column of its own."""
    picture, side = ground.copy(), len(ground)
    count = int(rng.integers(1, min(3, len(portraits)) + 1))
    column = side // count
    faces = []
    for number in range(count):
        width = max(24, int(column * rng.uniform(0.6, 1.0)))
        left = number * column + int(rng.integers(0, max(1, column - width + 1)))
        top = int(rng.integers(0, side - width + 1))
        picture[top : top + width, left : left + width] = _resized(portraits[number], width)[
            : side - top, : side - left
        ]
        faces.append(face_of(boxes[number]) * width + np.asarray([left, top, 0], np.float32))
    return Crowd(picture, np.stack(faces).astype(np.float32))
