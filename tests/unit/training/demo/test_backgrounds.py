import numpy as np
import pytest

from training.demo.backgrounds import paint
from training.demo.pen import Pen
from training.demo.scene import Background


def painted(place, horizon=0.0):
    pen = Pen(64)
    paint(pen, place, horizon)
    return pen.picture()


@pytest.mark.parametrize("place", Background)
def test_a_place_fills_the_picture_and_moves_with_the_horizon(place):
    picture = painted(place)
    assert picture.min(axis=2).max() > 0
    assert not np.array_equal(picture, painted(place, 1.5))


def test_no_two_places_look_alike():
    pictures = [painted(place) for place in Background]
    for i, one in enumerate(pictures):
        for other in pictures[i + 1 :]:
            assert np.abs(one - other).mean() > 15
