"""Places beside each other: whole in the middle, faded over the seams, nothing of the parts left."""

import numpy as np
import pytest

from serve_apps.generator.reunion import side_by_side, width_of


def flat(shade: int, width: int = 16, height: int = 8) -> np.ndarray:
    return np.full((height, width, 3), shade, np.uint8)


def test_a_single_place_is_the_picture() -> None:
    part = flat(9)
    assert side_by_side([part]) is part


@pytest.mark.parametrize("places", [2, 3, 4])
def test_each_person_has_a_place_of_their_own(places: int) -> None:
    shades = [40 * (n + 1) for n in range(places)]
    joined = side_by_side([flat(shade) for shade in shades])
    assert joined.shape == (8, width_of(places, 16), 3)
    middles = [int(joined[4, number * 14 + 8, 0]) for number in range(places)]
    assert middles == shades


def test_the_seam_goes_from_one_to_the_other() -> None:
    row = side_by_side([flat(0, 64), flat(255, 64)])[0, :, 0].astype(int)
    assert (row[:56] == 0).all()
    assert (row[64:] == 255).all()
    assert (np.diff(row[55:65]) > 0).all()


def test_alike_places_show_no_seam() -> None:
    assert (side_by_side([flat(77), flat(77), flat(77)]) == 77).all()


def test_nothing_of_the_parts_is_left() -> None:
    parts = [flat(50), flat(60)]
    side_by_side(parts)
    assert not any(part.any() for part in parts)
