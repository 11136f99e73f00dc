"""Sharpness and near-duplicates, on portraits that differ and on copies that do not."""

import io

import numpy as np
import pytest
from PIL import Image, ImageFilter

from serve_apps.checks.config import PhotoCheckSettings
from serve_apps.checks.quality import duplicates, looks_of, sharpness
from tests.unit.serve_apps.checks.pictures import file, pixels, portraits

SETTINGS = PhotoCheckSettings()


def found(*images: Image.Image) -> dict[int, int]:
    looks = [looks_of(pixels(image)) for image in images]
    return duplicates(looks, SETTINGS.duplicate_bits, SETTINGS.duplicate_colours)


def test_blur_takes_sharpness_away() -> None:
    for image in portraits(1, 4):
        blurred = [sharpness(pixels(image.filter(ImageFilter.GaussianBlur(radius)))) for radius in (0, 1, 2, 4)]
        assert blurred == sorted(blurred, reverse=True)
        assert blurred[0] > 5 * SETTINGS.min_sharpness
        assert blurred[2] < SETTINGS.min_sharpness


def test_one_colour_has_no_sharpness() -> None:
    assert sharpness(np.full((90, 70, 3), 77, np.uint8)) == 0


def test_large_pictures_are_measured_at_one_size() -> None:
    large = portraits(2)[0].resize((512, 512), Image.Resampling.NEAREST)
    larger = large.resize((2048, 2048), Image.Resampling.NEAREST)
    assert sharpness(pixels(larger)) == pytest.approx(sharpness(pixels(large)), rel=1e-3)


@pytest.mark.parametrize("number", range(3))
def test_photos_of_one_person_are_no_duplicates(number: int) -> None:
    assert found(*portraits(number, 8)) == {}


def test_copies_are_duplicates_of_the_first() -> None:
    image = portraits(5)[0]
    compressed = Image.open(io.BytesIO(file(image, "JPEG", quality=50)))
    brighter = image.point(lambda value: min(255, int(value * 1.04)))
    assert found(image, compressed, image.resize((128, 128)), brighter) == {1: 0, 2: 0, 3: 0}


def test_the_same_shapes_in_other_colours_are_no_duplicates() -> None:
    image = portraits(5)[0]
    blue, green, red = image.split()
    assert found(image, Image.merge("RGB", (red.point(lambda value: 255 - value), green, blue))) == {}
