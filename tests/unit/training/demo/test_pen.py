import numpy as np
import pytest

from training.demo.pen import Frame, Pen, curve, mix, oval, shade


def test_a_frame_moves_turns_and_sizes():
    placed = Frame(10.0, 20.0, scale=2.0, roll=np.pi / 2).place([(1.0, 0.0)])
    assert placed == pytest.approx(np.array([[10.0, 22.0]]))


def test_a_shape_is_filled_where_it_is():
    pen = Pen(64)
    pen.shape([(10, 10), (20, 10), (20, 20), (10, 20)], (255, 0, 0))
    picture = pen.picture()
    assert tuple(picture[15, 15]) == (255, 0, 0)
    assert tuple(picture[40, 40]) == (0, 0, 0)


def test_a_stroke_has_its_width():
    pen = Pen(64)
    pen.stroke([(10, 32), (50, 32)], 4.0, (0, 255, 0))
    rows = (pen.picture()[:, 30, 1] > 127).sum()
    assert rows == pytest.approx(4, abs=1)


def test_curves_and_ovals_pass_where_they_should():
    points = curve((0, 0), (5, 10), (10, 0))
    assert tuple(points[0]) == (0, 0)
    assert tuple(points[-1]) == (10, 0)
    assert np.hypot(*(oval(3, 4, 2, 2) - (3, 4)).T) == pytest.approx(2)


def test_colours():
    assert shade((100, 100, 100), 0.5) == (50, 50, 50)
    assert shade((100, 100, 100), 1.5) == (177, 177, 177)
    assert mix((0, 0, 0), (100, 200, 50), 0.5) == (50, 100, 25)
