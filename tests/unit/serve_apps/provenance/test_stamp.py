"""A finished picture gets both, and each is found without the other."""

import io
from datetime import UTC, datetime

import numpy as np
from PIL import Image

from serve_apps.config import ProvenanceSettings
from serve_apps.provenance.stamp import Origin, Stamp
from tests.unit.serve_apps.checks.pictures import file, pixels, portraits

NOW = datetime.now(UTC)
STAMP = Stamp(ProvenanceSettings(), b"k" * 32, NOW)


def origin(data: bytes | bytearray, kind: str = "PNG") -> Origin:
    return STAMP.origin(data, f"image/{kind.lower()}", pixels(Image.open(io.BytesIO(data))), [(64, 64), (32, 32)])


def test_a_stamped_picture_was_made_here_by_both_signs() -> None:
    picture = pixels(portraits(0)[0])
    found = origin(STAMP.png(picture))
    assert found.mark.found
    assert found.statement is not None
    assert found.statement.ours
    assert not picture.any(), "the pixels are wiped"


def test_each_sign_is_enough() -> None:
    for settings in (ProvenanceSettings(watermark=False), ProvenanceSettings(credentials=False)):
        found = origin(Stamp(settings, b"k" * 32, NOW).png(pixels(portraits(0)[0])))
        assert found.made_here
        assert found.mark.found == settings.watermark
        assert (found.statement is not None) == settings.credentials


def test_a_copy_in_another_size_and_format_keeps_the_mark() -> None:
    made = Image.open(io.BytesIO(STAMP.png(pixels(portraits(1)[0]))))
    copy = file(made.convert("RGB").resize((200, 200), Image.Resampling.BICUBIC), "JPEG", quality=80)
    found = origin(copy, "JPEG")
    assert found.statement is None
    assert found.made_here


def test_what_was_not_made_here_is_not_called_so() -> None:
    for image in (portraits(2)[0], Image.fromarray(np.zeros((90, 70, 3), np.uint8))):
        found = origin(file(image))
        assert not found.made_here
        assert found.statement is None
    other = Stamp(ProvenanceSettings(), b"z" * 32, NOW).png(pixels(portraits(2)[0]))
    assert not origin(other).made_here
