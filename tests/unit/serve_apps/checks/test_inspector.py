"""What is said of a set of photos, by the checks that do not need a model and by those that do."""

import numpy as np
import pytest
from PIL import Image, ImageFilter

from cluster.config import DEMO_CHECKS
from serve_apps.checks.config import PhotoCheckSettings
from serve_apps.checks.inspector import Inspector
from serve_apps.checks.loading import CannotLoad
from serve_apps.checks.model import Reason
from tests.unit.serve_apps.checks.pictures import file, portraits


def said(inspector: Inspector, *files: bytes) -> list[tuple[int, Reason]]:
    return [(each.number, each.reason) for each in inspector.compare([inspector.look(data) for data in files])]


def test_good_photos_pass() -> None:
    assert said(Inspector.of(PhotoCheckSettings()), *[file(image) for image in portraits(1, 8)]) == []


def test_each_photo_has_its_own_reasons() -> None:
    first, second, third = portraits(1, 3)
    blurred = second.filter(ImageFilter.GaussianBlur(4))
    files = [file(first), file(blurred), file(third), file(first, "JPEG", quality=80)]
    assert said(Inspector.of(PhotoCheckSettings()), *files) == [(1, Reason.BLURRED), (3, Reason.DUPLICATE)]


class Faces:
    """As many faces as the picture's first pixel is red."""

    def find(self, picture: np.ndarray) -> np.ndarray:
        return np.asarray([(30, 30, 30)] * (int(picture[0, 0, 0]) // 100), np.float32).reshape(-1, 3)


class Explicit:
    def explicit(self, picture: np.ndarray) -> float:
        return float(picture[0, 0, 1] > 200)


def test_models_are_asked_when_there_are_any() -> None:
    inspector = Inspector(PhotoCheckSettings(duplicate_bits=-1), Faces(), None, Explicit())
    files = []
    for colour in ((0, 0, 0), (100, 0, 0), (200, 0, 0), (100, 255, 0)):
        image = portraits(1)[0]
        image.putpixel((0, 0), colour)
        files.append(file(image))
    assert said(inspector, *files) == [(0, Reason.NO_FACE), (2, Reason.SEVERAL_FACES), (3, Reason.ADULT)]


@pytest.mark.parametrize("named", ["nowhere.at_all:make", "serve_apps.checks.faces:nothing", "math"])
def test_a_name_that_leads_nowhere_is_told(named: str) -> None:
    with pytest.raises(CannotLoad, match="face_finder"):
        Inspector.of(PhotoCheckSettings(face_finder=named))


def test_what_is_not_installed_is_told() -> None:
    with pytest.raises(CannotLoad, match="No module named"):
        Inspector.of(PhotoCheckSettings(content_judge="serve_apps.checks.nudity:content_judge"))


def test_without_a_scanner_nothing_is_scanned() -> None:
    assert Inspector.of(PhotoCheckSettings()).scan(b"x") is None


class Scanner:
    def scan(self, data: bytes | bytearray) -> str | None:
        return "Test-Signature" if b"virus" in data else None


def test_the_file_is_scanned_as_it_was_sent() -> None:
    inspector = Inspector(PhotoCheckSettings(), scanner=Scanner())
    assert inspector.scan(b"a virus") == (Reason.VIRUS, "the virus scanner found Test-Signature")
    assert inspector.scan(b"a photo") is None


@pytest.fixture(scope="module")
def demo() -> Inspector:
    """The demo world's own finder and encoder of faces."""
    return Inspector.of(PhotoCheckSettings(**DEMO_CHECKS))


@pytest.mark.parametrize("number", range(4))
def test_eight_photos_of_a_person_of_the_demo_world_pass(demo: Inspector, number: int) -> None:
    assert said(demo, *[file(image) for image in portraits(number, 8)]) == []


def test_what_is_wrong_with_faces_is_told(demo: Inspector) -> None:
    good = portraits(1, 5)
    two = Image.new("RGB", (128, 64))
    two.paste(good[4], (0, 0))
    two.paste(portraits(2)[0], (64, 0))
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8))
    files = [file(image) for image in (*good[:4], portraits(3)[0], two, noise)]
    expected = [(4, Reason.OTHER_PERSON), (5, Reason.SEVERAL_FACES), (6, Reason.NO_FACE)]
    assert said(demo, *files) == expected


def test_a_face_may_be_too_small() -> None:
    inspector = Inspector.of(PhotoCheckSettings(**DEMO_CHECKS, min_face_side=60, min_sharpness=0))
    assert said(inspector, file(portraits(1)[0])) == [(0, Reason.FACE_TOO_SMALL)]
    assert said(inspector, file(portraits(1)[0].resize((256, 256)))) == []
