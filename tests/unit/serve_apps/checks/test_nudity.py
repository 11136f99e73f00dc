"""NudeNet's findings as one likelihood; the package itself is not needed."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from serve_apps.checks.nudity import EXPLICIT, NudeNetJudge

PICTURE = np.zeros((8, 8, 3), np.uint8)
PICTURE[..., 0] = 200


class Detector:
    def __init__(self, *found: tuple[str, float]) -> None:
        self.found = found
        self.seen: Any = None

    def detect(self, image: Any) -> Sequence[Mapping[str, Any]]:
        self.seen = image
        return [{"class": name, "score": score, "box": [0, 0, 4, 4]} for name, score in self.found]


@pytest.mark.parametrize(
    ("found", "likely"),
    [
        ((), 0.0),
        ((("FACE_FEMALE", 0.9), ("FEET_EXPOSED", 0.8)), 0.0),
        ((("FACE_MALE", 0.9), ("BUTTOCKS_EXPOSED", 0.4), ("ANUS_EXPOSED", 0.7)), 0.7),
    ],
)
def test_only_explicit_findings_count(found: tuple[tuple[str, float], ...], likely: float) -> None:
    assert NudeNetJudge(Detector(*found)).explicit(PICTURE) == likely


def test_covered_is_not_explicit() -> None:
    assert not any("COVERED" in name for name in EXPLICIT)


def test_the_detector_sees_blue_first() -> None:
    detector = Detector()
    NudeNetJudge(detector).explicit(PICTURE)
    assert detector.seen[0, 0].tolist() == [0, 0, 200]
