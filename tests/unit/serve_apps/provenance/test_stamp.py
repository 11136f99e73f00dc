"""A finished picture gets both, and each is found without the other."""

import io
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from PIL import Image

from governance.residue.canary import Canary
from governance.residue.memory import processes
from governance.residue.scanner import Scanner
from serve_apps.app import CLEAN_MEMORY
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


def test_nothing_of_a_finished_picture_stays_in_memory(tmp_path: Path) -> None:
    program = (sys.executable, "-m", "tests.unit.serve_apps.provenance.signing", str(tmp_path / "made.png"))
    surroundings = {**os.environ, **CLEAN_MEMORY}
    with subprocess.Popen(program, env=surroundings, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as maker:
        assert maker.stdout is not None
        assert maker.stdout.readline() == "made\n"
        made = (tmp_path / "made.png").read_bytes()
        report = Scanner([Canary.photo("picture", made)]).scan(processes([maker.pid]))
        maker.communicate("\n")
    assert STAMP.origin(made, "image/png", pixels(Image.open(io.BytesIO(made))), []).made_here
    assert report.clean, [str(finding) for finding in report.findings]
