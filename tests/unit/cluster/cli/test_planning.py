import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cluster.cli.program import app
from cluster.errors import BadSettings

FIGURES = {"device": "mine", "picture_s": 1.0, "training_s": 100.0, "source": "a test"}


def asked(*options: str) -> dict[str, object]:
    done = CliRunner().invoke(app, ["plan", *options, "--json"], catch_exceptions=False)
    answer: dict[str, object] = json.loads(done.stdout)
    return answer


def test_figures_of_ones_own_are_used(tmp_path: Path) -> None:
    (tmp_path / "mine.json").write_text(json.dumps(FIGURES))
    told = asked(
        "--users",
        "36000",
        "--pictures",
        "1",
        "--trainings",
        "0",
        "--utilisation",
        "1",
        "--figures",
        f"{tmp_path}/mine.json",
    )
    assert told["device_hours"] == pytest.approx(10.0, rel=1e-3)


def test_without_them_a_class_of_device_is_estimated_and_it_says_so() -> None:
    told = asked("--users", "1000", "--gpu", "h100")
    assert dict(told["figures"])["measured"] is False  # type: ignore[call-overload]


def test_wrong_figures_are_named(tmp_path: Path) -> None:
    (tmp_path / "mine.json").write_text(json.dumps(FIGURES | {"picture_s": -1}))
    with pytest.raises(BadSettings, match="picture_s"):
        asked("--users", "1", "--figures", f"{tmp_path}/mine.json")
    with pytest.raises(BadSettings, match="no estimates for none"):
        asked("--users", "1", "--gpu", "none")
