"""`pixreunion demo`, which `make run` calls, in full and cut short."""

import signal
from pathlib import Path

import psutil
import pytest
from PIL import Image

from governance.audit.verify import verify
from tests.e2e.commands import Commands

pytestmark = [pytest.mark.e2e, pytest.mark.ray, pytest.mark.timeout(1200)]

MOST_BYTES = 6_000_000_000
# After which finished step Ctrl-C comes; the first is before anything was started.
MOMENTS = ("", "Starting PostgreSQL", "Signing up")


def nothing_left(newcomer: Commands) -> bool:
    temporary = Path(newcomer.surroundings["TMPDIR"])
    mine = [process.pid for process in psutil.process_iter() if str(temporary) in _line(process)]
    return not mine and not list(temporary.glob("pixr-*"))


def _line(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def test_the_main_job_from_end_to_end(newcomer: Commands) -> None:
    # A quarter of the preset's steps; the likeness must rise all the same.
    shown = newcomer.ask("demo", "--out", "shown", "--steps", "100")
    told = shown["outcome"]
    # Account, photos, captions, training, model, prompts, pictures.
    assert told["ids_gone"] >= 1 + 8 + 1 + 1 + 8
    assert told["score_after"] > told["score_before"]
    assert told["scanned_bytes"] > 500_000_000
    assert shown["peak_memory_bytes"] < MOST_BYTES
    certificate = newcomer.folder / told["certificate"]
    assert verify(certificate.read_bytes()).body.erased["photo"] == 8
    with Image.open(newcomer.folder / told["contact_sheet"]) as sheet:
        assert sheet.width > 800
        assert len(sheet.getcolors(sheet.width * sheet.height) or ()) > 1000
    assert nothing_left(newcomer)


@pytest.mark.parametrize("moment", MOMENTS)
def test_stopped_at_any_moment_it_leaves_nothing(newcomer: Commands, moment: str) -> None:
    with newcomer.begin("demo", "--out", "shown") as demo:
        assert demo.stdout is not None
        if moment:
            assert any(line.startswith(f"✓ {moment}") for line in iter(demo.stdout.readline, ""))
        demo.send_signal(signal.SIGINT)
        _, said = demo.communicate(timeout=600)
    if moment or demo.returncode != -signal.SIGINT:  # Python itself was only starting.
        assert (demo.returncode, said.strip()) == (130, "Stopped.")
    assert nothing_left(newcomer)
