"""PNGs without metadata, and pixels that are overwritten."""

import io

import numpy as np
from PIL import Image

from serve_apps.generator.pictures import png_of


def test_a_png_holds_the_picture_and_nothing_else() -> None:
    picture = np.random.default_rng(0).integers(1, 256, (8, 12, 3), dtype=np.uint8)
    before = picture.copy()
    png = png_of(picture)
    opened = Image.open(io.BytesIO(png))
    assert np.array_equal(np.asarray(opened), before)
    assert opened.info == {}
    assert not picture.any()


def test_a_picture_that_cannot_be_written_to_is_left_alone() -> None:
    picture = np.full((4, 4, 3), 9, dtype=np.uint8)
    picture.flags.writeable = False
    assert Image.open(io.BytesIO(png_of(picture))).size == (4, 4)
    assert picture.all()
