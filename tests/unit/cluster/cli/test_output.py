import json
from pathlib import Path

import pytest
from pydantic import BaseModel

from cluster.cli.output import answer, explain, table
from cluster.errors import PortTaken


class Answer(BaseModel):
    number: int = 42


def test_a_script_gets_one_json_document(capsys: pytest.CaptureFixture[str]) -> None:
    answer(True, Answer(), "for people")
    assert json.loads(capsys.readouterr().out) == {"number": 42}


def test_a_person_gets_words(capsys: pytest.CaptureFixture[str]) -> None:
    answer(False, Answer(), table("Name", "State", rows=[("S3", "runs")]))
    told = capsys.readouterr().out
    assert "S3" in told
    assert "42" not in told


def test_errors_go_to_standard_error_with_their_way_out(capsys: pytest.CaptureFixture[str]) -> None:
    explain(PortTaken("Port 80 is in use.", "Choose [another] one."))
    told = capsys.readouterr()
    assert told.out == ""
    assert "Choose [another] one." in told.err


class Place(BaseModel):
    path: Path


def test_documents_within_documents_are_json_too(capsys: pytest.CaptureFixture[str]) -> None:
    answer(True, {"where": Place(path=Path("/a")), "none": None}, "")
    assert json.loads(capsys.readouterr().out) == {"where": {"path": "/a"}, "none": None}
