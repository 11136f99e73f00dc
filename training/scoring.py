"""How much a finished model resembles its person: the identity score, from -1 (another) to 1 (the same)."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from training.album import Pixels


class Scorer(Protocol):
    """Compares pictures by faces; called on the worker's device thread."""

    def score(self, photos: Pixels, previews: Pixels) -> float:
        """`photos` and `previews` are uint8 [n, height, width, 3]."""


class Embedder(Protocol):
    """A face encoder: unit vectors, float32 [n, dimensions], of uint8 pictures [n, height, width, 3]."""

    def embed(self, pictures: Pixels) -> NDArray[np.float32]: ...


class LikenessScorer:
    """The mean cosine between each preview and the middle of the photos."""

    def __init__(self, encoder: Embedder) -> None:
        self._encoder = encoder

    def score(self, photos: Pixels, previews: Pixels) -> float:
        known = self._encoder.embed(photos)
        middle = known.mean(axis=0)
        length = float(np.linalg.norm(middle))
        if not length or not len(previews):
            return -1.0
        made = self._encoder.embed(previews)
        cosines = made @ (middle / length)
        known.fill(0)
        middle.fill(0)
        made.fill(0)
        return float(cosines.mean())
