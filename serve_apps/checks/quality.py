"""How sharp a picture is, and whether two are almost the same one."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import fft, ndimage

from serve_apps.checks.model import Looks, Pixels

SHARPNESS_SIDE = 512
"""Larger pictures are scaled down to this before their sharpness is taken, so that one limit holds for all sizes."""
HASH_SIDE = 32
HASH_WAVES = 8
THUMBNAIL_SIDE = 16


def sharpness(picture: Pixels) -> float:
    """The variance of the Laplacian of the brightness: a blurred picture has little of it (J. L. Pech-Pacheco and
    others, "Diatom autofocusing in brightfield microscopy: a comparative study", ICPR 2000)."""
    grey = Image.fromarray(picture).convert("L")
    if max(grey.size) > SHARPNESS_SIDE:
        grey.thumbnail((SHARPNESS_SIDE, SHARPNESS_SIDE), Image.Resampling.BOX)
    return float(ndimage.laplace(np.asarray(grey, np.float32)).var())


def perceptual_hash(picture: Pixels) -> NDArray[np.bool_]:
    """64 bits that change little when a picture is scaled, compressed or brightened: which of its lowest waves are
    stronger than their median (C. Zauner, "Implementation and benchmarking of perceptual image hash functions", 2010).
    """
    grey = Image.fromarray(picture).convert("L").resize((HASH_SIDE, HASH_SIDE), Image.Resampling.LANCZOS)
    waves = fft.dctn(np.asarray(grey, np.float32))[:HASH_WAVES, :HASH_WAVES].ravel()
    bits: NDArray[np.bool_] = waves > np.median(waves[1:])
    return bits


def thumbnail(picture: Pixels) -> NDArray[np.float32]:
    """The colours of 16 x 16 areas, float32 [16, 16, 3] from 0 to 255."""
    small = Image.fromarray(picture).resize((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.BOX)
    return np.asarray(small).astype(np.float32)


def looks_of(picture: Pixels) -> Looks:
    """What is compared of a picture."""
    height, width = picture.shape[:2]
    return Looks(width, height, sharpness(picture), perceptual_hash(picture), thumbnail(picture))


def duplicates(looks: Sequence[Looks], bits: int, colours: float) -> dict[int, int]:
    """Each picture that is almost an earlier one, with the earlier one's number: their hashes differ in at most `bits`
    of 64 and their thumbnails by less than `colours` of 255 on average."""
    found: dict[int, int] = {}
    for first, second in combinations(range(len(looks)), 2):
        one, other = looks[first], looks[second]
        alike = np.count_nonzero(one.hash != other.hash) <= bits
        if alike and float(np.abs(one.thumbnail - other.thumbnail).mean()) < colours:
            found.setdefault(second, first)
    return found
