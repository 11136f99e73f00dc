"""One face, large enough, the same person's."""

import numpy as np
import pytest

from serve_apps.checks.faces import face_vector, remark_on, strangers
from serve_apps.checks.model import Reason

PICTURE = np.zeros((100, 200, 3), np.uint8)


def faces(*rows: tuple[float, float, float]) -> np.ndarray:
    return np.asarray(rows, np.float32).reshape(-1, 3)


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (faces(), Reason.NO_FACE),
        (faces((50, 50, 40)), None),
        (faces((50, 50, 19)), Reason.FACE_TOO_SMALL),
        (faces((50, 50, 40), (150, 50, 40)), Reason.SEVERAL_FACES),
    ],
)
def test_one_face_and_large_enough(found: np.ndarray, reason: Reason | None) -> None:
    remark = remark_on(found, PICTURE, 20)
    assert (remark[0] if remark else None) == reason


class Middle:
    """Encodes a face as its mean colour."""

    def embed(self, pictures: np.ndarray) -> np.ndarray:
        mean = pictures.mean(axis=(1, 2)).astype(np.float32)
        return mean / np.linalg.norm(mean, axis=1, keepdims=True)


def test_the_encoder_sees_the_face_alone() -> None:
    picture = np.zeros((100, 200, 3), np.uint8)
    picture[:, :] = (255, 0, 0)
    picture[30:70, 130:170] = (0, 255, 0)
    vector = face_vector(picture, np.asarray([150, 50, 40], np.float32), 0.0, Middle())
    assert np.allclose(vector, (0, 1, 0), atol=0.05)
    wide = face_vector(picture, np.asarray([150, 50, 40], np.float32), 0.5, Middle())
    assert wide[0] > 0.3


def unit(*values: float) -> np.ndarray:
    vector = np.asarray(values, np.float32)
    return vector / np.linalg.norm(vector)


def test_the_one_who_is_another_is_named() -> None:
    same = [unit(1, 0.1 * n, 0) for n in range(4)]
    assert strangers(same, 0.5) == []
    assert strangers([same[0], unit(0, 0, 1), *same[1:]], 0.5) == [1]
    assert strangers([unit(0, 0, 1), *same, unit(0, -1, 1)], 0.5) == [0, 5]


def test_photos_without_a_face_are_left_out() -> None:
    assert strangers([None, unit(1, 0), None, unit(1, 0.1)], 0.5) == []
    assert strangers([None, None], 0.5) == []


def test_of_two_that_differ_the_later_is_named() -> None:
    assert strangers([unit(1, 0), unit(0, 1)], 0.5) == [1]
