"""The mark in the pixels: what it costs, what it survives, and that it is never found where it is not."""

import io

import numpy as np
import pytest
from PIL import Image

from serve_apps.provenance.watermark import SURE, Watermark
from tests.unit.serve_apps.checks.pictures import pixels, portraits

MARK = Watermark(b"k" * 32)
PLAIN = [pixels(image) for number in range(6) for image in portraits(number, 2)]


def marked(picture: np.ndarray) -> np.ndarray:
    copy = picture.copy()
    MARK.put_into(copy)
    return copy


MARKED = [marked(picture) for picture in PLAIN]


def compressed(picture: np.ndarray, quality: int) -> np.ndarray:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=quality)
    return np.array(Image.open(buffer))


def resized(picture: np.ndarray, side: int) -> np.ndarray:
    return np.array(Image.fromarray(picture).resize((side, side), Image.Resampling.BICUBIC))


def large() -> np.ndarray:
    """A picture of 512 pixels with all kinds of areas in it."""
    rng = np.random.default_rng(3)
    return resized(rng.integers(0, 256, (40, 40, 3)).astype(np.uint8), 512)


def test_nobody_sees_it() -> None:
    for before, after in zip(PLAIN, MARKED, strict=True):
        error = np.mean(np.square(after.astype(float) - before))
        assert 10 * np.log10(255**2 / error) > 40


@pytest.mark.parametrize("quality", [95, 80, 65, 50])
def test_it_survives_jpeg(quality: int) -> None:
    assert min(MARK.read(compressed(picture, quality)).score for picture in MARKED) > SURE


@pytest.mark.parametrize("share", [0.75, 1.5, 2])
def test_it_survives_scaling_there_and_back(share: float) -> None:
    for picture in MARKED:
        there = resized(picture, int(len(picture) * share))
        assert MARK.read(resized(there, len(picture))).found


@pytest.mark.parametrize("cut", [(3, 5, 0, 0), (0, 0, 9, 2), (8, 8, 8, 8), (5, 2, 3, 7)])
def test_it_survives_cropping(cut: tuple[int, int, int, int]) -> None:
    top, left, bottom, right = cut
    for picture in MARKED[:4]:
        height, width = picture.shape[:2]
        part = np.ascontiguousarray(picture[top : height - bottom, left : width - right])
        assert MARK.read(compressed(part, 80)).found


def test_it_survives_all_of_it_in_a_large_picture() -> None:
    picture = marked(large())
    part = np.ascontiguousarray(picture[101:480, 77:490])
    assert MARK.read(compressed(np.clip(part * 1.05, 0, 255).astype(np.uint8), 50)).found


def test_it_is_not_found_where_it_is_not() -> None:
    unmarked = [*PLAIN, large(), np.zeros((300, 200, 3), np.uint8), np.full((64, 64, 3), 255, np.uint8)]
    unmarked.append(np.random.default_rng(1).integers(0, 256, (256, 256, 3)).astype(np.uint8))
    unmarked.append(np.tile(PLAIN[0][:8, :8], (40, 40, 1)))
    assert max(MARK.read(picture).score for picture in unmarked) < 6


def test_another_installations_mark_is_not_ours() -> None:
    other = Watermark(b"z" * 32)
    assert max(other.read(picture).score for picture in MARKED) < 6


def test_the_mark_is_the_same_in_every_picture() -> None:
    """It carries no number of a person or a picture: what is put in depends on key and pixels alone."""
    again = PLAIN[0].copy()
    Watermark(b"k" * 32).put_into(again)
    assert np.array_equal(again, MARKED[0])


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (3000, 2), (7, 7), (8, 100), (65, 71), (16, 16)])
def test_any_size_may_be_marked_and_read(size: tuple[int, int]) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (*size, 3)).astype(np.uint8)
    assert MARK.read(marked(picture)).score >= 0
