"""Adult content by NudeNet, an optional extra: it is under the AGPL, which an operator has to choose for themselves.

    pip install "pixreunion[adult]"
    uploads.checks.content_judge = "serve_apps.checks.nudity:content_judge"
"""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, Protocol

from serve_apps.checks.model import Pixels

EXPLICIT = frozenset(
    {
        "FEMALE_BREAST_EXPOSED",
        "FEMALE_GENITALIA_EXPOSED",
        "MALE_GENITALIA_EXPOSED",
        "BUTTOCKS_EXPOSED",
        "ANUS_EXPOSED",
    }
)
"""The classes of its detector that are adult content; bare feet, bellies and faces are not."""


class Detector(Protocol):
    """The part of `nudenet.NudeDetector` that is used here."""

    def detect(self, image: Any) -> Sequence[Mapping[str, Any]]:
        """Findings with `class` and `score` of a picture uint8 [height, width, BGR]."""


class NudeNetJudge:
    """A `ContentJudge` over NudeNet's detector."""

    def __init__(self, detector: Detector) -> None:
        self._detector = detector

    def explicit(self, picture: Pixels) -> float:
        """The score of the surest explicit finding, 0 without any."""
        found = self._detector.detect(picture[:, :, ::-1].copy())
        return max((float(each["score"]) for each in found if each["class"] in EXPLICIT), default=0.0)


def content_judge() -> NudeNetJudge:
    """Over the installed NudeNet with its own weights. Raises ImportError when it is not installed."""
    return NudeNetJudge(import_module("nudenet").NudeDetector())
