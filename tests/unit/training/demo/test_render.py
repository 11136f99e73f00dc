import numpy as np
import pytest

from training.demo.people import person
from training.demo.render import pixels, render
from training.demo.scene import Background, Expression, Shirt, Variation

HOW = Variation(Background.MEADOW, Shirt.BLUE, Expression.NEUTRAL)


def test_the_same_person_and_situation_give_the_same_picture():
    assert np.array_equal(pixels(person(7), HOW), pixels(person(7), HOW))


def test_a_larger_picture_shows_the_same():
    small = np.asarray(render(person(7), HOW, 64), dtype=float)
    large = np.asarray(render(person(7), HOW, 128).reduce(2), dtype=float)
    assert np.abs(small - large).mean() < 3


def test_edges_are_antialiased():
    colours = set(map(tuple, pixels(person(7), HOW).reshape(-1, 3)))
    assert len(colours) > 100


def test_the_shirt_has_the_colour_asked_for():
    red, green, blue = pixels(person(7), HOW)[62, 20]
    assert blue > 150 > green > red


def test_too_small_a_size_is_refused():
    with pytest.raises(ValueError, match="drawn from 64 pixels on, got 32"):
        render(person(7), HOW, 32)
