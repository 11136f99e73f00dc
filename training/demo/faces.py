"""The demo world's face finder and face encoder as the photo checks run them, without torch (`forward.py`).

A photo becomes a coarse map of how likely a face's middle is in each cell, with the face's size beside it; faces are
the peaks of the map. `finder.py` trains the one and `identity.py` the other.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage, special

from training.demo.forward import Array, ConvolutionBody, convolved, read_tensors, to_array
from training.demo.weights import ENCODER, FINDER

CELL = 8
ENCODED_SIDE = 64
_POOLED = 4


@dataclass(frozen=True, slots=True)
class FinderConfig:
    """The side a picture is brought to, the widths after each halving, and how likely a peak has to be."""

    side: int = 96
    widths: tuple[int, int, int] = (16, 32, 64)
    likely: float = 0.4

    @property
    def cells(self) -> int:
        return self.side // CELL


class DemoFaceFinder:
    """Finds the faces of the demo world."""

    def __init__(self, path: Path, config: FinderConfig) -> None:
        self._tensors, self._config = read_tensors(path), config
        self._body = ConvolutionBody(self._tensors)

    def find(self, picture: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Faces (n, 3) of an RGB picture (height, width, 3), the likeliest first: middle x, middle y and side, all in
        the picture's pixels."""
        square, scale = _square(picture, self._config.side)
        maps = self.maps(square)
        likely = special.expit(maps[:, :, 0])
        peaks = likely == ndimage.maximum_filter(likely, size=3, mode="constant")
        rows, columns = np.nonzero(peaks & (likely >= self._config.likely))
        order = np.argsort(-likely[rows, columns], kind="stable")
        rows, columns = rows[order], columns[order]
        sides = np.exp(maps[rows, columns, 1]) * self._config.side
        found = np.stack([(columns + 0.5) * CELL, (rows + 0.5) * CELL, sides], axis=1) / scale
        return _apart(found.astype(np.float32))

    def maps(self, square: NDArray[np.uint8]) -> Array:
        """(cells, cells, 2) of a picture of the finder's side: the logit of a face, its side's logarithm."""
        features = self._body(to_array(square[None]))
        maps: Array = convolved(features, self._tensors["head.weight"], self._tensors["head.bias"])[0]
        return maps


class LightFaceEncoder:
    """The same vectors as `identity.DemoFaceEncoder` gives."""

    def __init__(self, path: Path) -> None:
        self._tensors = read_tensors(path)
        self._body = ConvolutionBody(self._tensors)

    def embed(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Unit vectors (n, d) of RGB pictures (n, height, width, 3)."""
        features = _pooled(self._body(to_array(np.stack([_resized(picture) for picture in pictures]))))
        vectors = features @ self._tensors["head.weight"].T + self._tensors["head.bias"]
        unit: NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return unit


def _pooled(x_BHWC: Array) -> Array:
    """Means over a grid of four by four areas, (B, C * 16) in the order of torch's channels."""
    batch, height, width, channels = x_BHWC.shape
    areas = x_BHWC.reshape(batch, _POOLED, height // _POOLED, _POOLED, width // _POOLED, channels)
    means: Array = areas.mean(axis=(2, 4)).transpose(0, 3, 1, 2).reshape(batch, -1)
    return means


def _resized(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if picture.shape[:2] == (ENCODED_SIDE, ENCODED_SIDE):
        return picture
    return np.asarray(Image.fromarray(picture).resize((ENCODED_SIDE, ENCODED_SIDE), Image.Resampling.BILINEAR))


def _square(picture: NDArray[np.uint8], side: int) -> tuple[NDArray[np.uint8], float]:
    """The picture with its longer side at `side`, on grey, and how much it was scaled by."""
    height, width = picture.shape[:2]
    scale = side / max(height, width)
    small = Image.fromarray(picture).resize(
        (max(1, round(width * scale)), max(1, round(height * scale))), Image.Resampling.BILINEAR
    )
    ground = np.full((side, side, 3), 128, np.uint8)
    ground[: small.height, : small.width] = np.asarray(small)
    return ground, scale


def _apart(faces: NDArray[np.float32]) -> NDArray[np.float32]:
    """Without the weaker of two that lie over each other: they are one face seen twice."""
    kept: list[NDArray[np.float32]] = []
    for face in faces:
        if all(np.hypot(*(face[:2] - other[:2])) > 0.6 * max(face[2], other[2]) for other in kept):
            kept.append(face)
    return np.stack(kept) if kept else np.zeros((0, 3), np.float32)


def face_finder(path: Path = FINDER, config: FinderConfig = FinderConfig()) -> DemoFaceFinder:
    """The shipped finder."""
    return DemoFaceFinder(path, config)


def face_encoder(path: Path = ENCODER) -> LightFaceEncoder:
    """The shipped encoder."""
    return LightFaceEncoder(path)
