import numpy as np
import pytest

from training.demo.photos import photos


def test_photos_of_one_person_differ_and_are_the_same_again():
    taken, again = photos(3_000_005, 8), photos(3_000_005, 8)
    assert [photo.caption for photo in taken] == [photo.caption for photo in again]
    assert all(np.array_equal(a.image, b.image) for a, b in zip(taken, again, strict=True))
    assert len({photo.caption for photo in taken}) == 8
    assert len({photo.variation.background for photo in taken}) == 8
    assert all("sks person" in photo.caption for photo in taken)


def test_none_is_refused():
    with pytest.raises(ValueError, match="at least one photo"):
        photos(1, 0)
