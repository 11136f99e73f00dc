import json

import pytest
from rich.console import Console

from cluster.progress import JsonLines, Silent, Terminal


def test_the_terminal_tells_done_and_failed_steps() -> None:
    console = Console(record=True, width=100, force_terminal=False)
    terminal = Terminal(console)
    with terminal.step("Starting S3") as step:
        step.part(0.5, "half")
    with pytest.raises(ValueError, match="no"), terminal.step("Starting Ray"):
        raise ValueError("no")
    terminal.say("That was it.")
    told = console.export_text()
    assert "✓ Starting S3" in told
    assert "✗ Starting Ray" in told
    assert "That was it." in told


def test_json_lines_tell_begin_parts_and_end(capsys: pytest.CaptureFixture[str]) -> None:
    teller = JsonLines()
    with teller.step("Serve") as step:
        step.part(0.25, "one replica")
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["done"] for line in told] == [0.0, 0.25, 1.0]
    assert told[1]["note"] == "one replica"


def test_a_failed_step_never_tells_its_end(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="no"), JsonLines().step("Serve"):
        raise ValueError("no")
    assert [json.loads(line)["done"] for line in capsys.readouterr().out.splitlines()] == [0.0]


def test_silence(capsys: pytest.CaptureFixture[str]) -> None:
    with Silent().step("x") as step:
        step.part(0.5)
    Silent().say("y")
    assert capsys.readouterr().out == ""
