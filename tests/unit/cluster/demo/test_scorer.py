from PIL import Image

from cluster.demo.scores import likeness
from training.demo.photos import photos
from training.demo.seeds import VALIDATION


def pictures(number: int, first: int, last: int) -> list[Image.Image]:
    return [photo.image for photo in photos(VALIDATION.seed(number), last)[first:]]


def test_a_person_resembles_their_own_photos_and_strangers_do_not() -> None:
    known = pictures(0, 0, 6)
    own, strange = pictures(0, 6, 8), pictures(1, 6, 8)
    scores = likeness([*own, *strange], known)
    assert min(scores[:2]) > 0.7 > 0.5 > max(scores[2:])
