import numpy as np

from training.demo.crowds import crowd, face_of


def test_faces_are_where_they_are_said_to_be(drawn):
    rng, seen = np.random.default_rng(0), set()
    for number in range(60):
        rows = rng.integers(0, len(drawn.images), 4)
        made = crowd(rng, drawn.images[rows], drawn.boxes[rows], 96)
        assert made.picture.shape == (96, 96, 3)
        assert made.picture.dtype == np.uint8
        assert ((made.faces[:, :2] > -10) & (made.faces[:, :2] < 106)).all(), number
        seen.add(len(made.faces))
    assert seen == {0, 1, 2, 3}


def test_the_same_draws_give_the_same_picture(drawn):
    one, two = (crowd(np.random.default_rng(5), drawn.images[:4], drawn.boxes[:4], 96) for _ in range(2))
    assert np.array_equal(one.picture, two.picture)
    assert np.array_equal(one.faces, two.faces)


def test_a_face_is_given_in_shares_of_its_portrait():
    x, y, side = face_of(np.asarray([0.0, 0.0, 1.0], np.float32))
    assert (round(float(x), 3), round(float(y), 3), round(float(side), 3)) == (0.5, 0.523, 0.531)
