"""The training report: one page that a person can look at."""

import base64
import re
from io import BytesIO
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from training.report import ReportFacts, curve, render, verdict

PICTURES = np.random.default_rng(0).integers(0, 256, (2, 8, 8, 3), dtype=np.uint8)
FACTS = ReportFacts([(1, 0.9), (2, 0.5), (3, 0.4)], 0.71, 0.5, [("Photos <b>", "3 & 1")], PICTURES)


def test_the_page_holds_everything_and_loads_nothing() -> None:
    page = render(FACTS).decode()
    pictures = re.findall(r'src="data:image/png;base64,([^"]+)"', page)
    shown = [np.asarray(Image.open(BytesIO(base64.b64decode(one)))) for one in pictures]
    assert np.array_equal(np.stack(shown), PICTURES)
    assert "The likeness is 0.71." in page
    assert "Photos &lt;b&gt;</td><td>3 &amp; 1" in page
    assert not re.search(r"(src|href)=\"(?!data:)", page)


def test_the_curve_falls_as_the_loss_does() -> None:
    drawing = ElementTree.fromstring(curve(FACTS.loss))
    raw, smooth = (
        [float(point.split(",")[1]) for point in line.attrib["points"].split()] for line in drawing.iter("polyline")
    )
    assert raw == sorted(raw)
    assert smooth == sorted(smooth)
    assert curve([(1, 0.5)]) == "<p>Too few steps for a curve.</p>"


@pytest.mark.parametrize(
    ("score", "kind", "said"), [(None, "", "not measured"), (0.3, "low", "below the 0.50"), (0.5, "good", "is 0.50")]
)
def test_the_verdict_says_what_the_score_means(score: float | None, kind: str, said: str) -> None:
    told = verdict(score, 0.5)
    assert told[0] == kind
    assert said in told[1]
