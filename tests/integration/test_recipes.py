"""The recipes of `docs/recipes.md` do what they say, from top to bottom."""

import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.integration.house import House
from tests.integration.people import picture, work_off
from tests.integration.test_events import Receiving, receiving
from tests.integration.waiting import until

PAGE = Path(__file__).parents[2] / "docs" / "recipes.md"


def blocks(language: str) -> str:
    found: list[str] = re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(found) >= 7
    return "\n".join(found)


@contextmanager
def working(house: House) -> Iterator[None]:
    """A pool that does every training that comes."""
    closing = threading.Event()
    before = {one.id for one in house.call(house.governance.job_candidates())}

    def work() -> None:
        while not closing.wait(0.1):
            for candidate in house.call(house.governance.job_candidates()):
                if candidate.id not in before:
                    work_off(house, candidate.id, seed=1)

    worker = threading.Thread(target=work)
    worker.start()
    try:
        yield
    finally:
        closing.set()
        worker.join(60)


@pytest.fixture
def kitchen(house: House, tmp_path: Path) -> Iterator[Path]:
    """A folder with photos in it, and somebody who trains."""
    for number in range(3):
        (tmp_path / f"photo-{number}.png").write_bytes(picture(seed=number))
    with working(house):
        yield tmp_path


def test_the_recipes_with_curl(house: House, kitchen: Path) -> None:
    with receiving() as server:
        script = f"set -eu\nURL={house.url}\nRECEIVER={server.url}\n{blocks('bash')}"
        done = subprocess.run(["bash", "-c", script], cwd=kitchen, capture_output=True, text=True, timeout=150)
        assert done.returncode == 0, done.stderr
        assert server.told()[:1] == ["webhook.test"]
    assert Image.open(kitchen / "picture.png").format == "PNG"
    assert (kitchen / "certificate.json").read_text().startswith("{")


def test_the_recipes_with_python(house: House, kitchen: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(kitchen)
    with receiving() as server:
        names: dict[str, Any] = {"URL": house.url, "RECEIVER": server.url, "received": lambda: first_of(server)}
        exec(compile(blocks("python"), str(PAGE), "exec"), names)
    assert Image.open(kitchen / "picture-python.png").format == "PNG"
    assert (kitchen / "certificate-python.json").read_text().startswith("{")


def first_of(server: Receiving) -> tuple[dict[str, str], bytes]:
    return until(lambda: server.got)[0]
