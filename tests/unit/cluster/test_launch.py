from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from cluster.errors import PartFailed
from cluster.home import Home
from cluster.launch import launch
from cluster.progress import Terminal
from cluster.rayhead import RayAddress

CHILD = """
import json, sys
print(json.dumps({"step": "Governance", "done": 0.0}), flush=True)
print("a library's own words", flush=True)
print(json.dumps({"step": "Governance", "done": 1.0}), flush=True)
print(json.dumps({"step": "Serve", "done": 0.0}), flush=True)
sys.exit("no route to the ledger") if FAILS else print(json.dumps({"step": "Serve", "done": 1.0}))
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home whose bootstrap is the script in `cluster/bootstrap.py` below it."""
    (tmp_path / "source" / "cluster").mkdir(parents=True)
    monkeypatch.setattr("cluster.launch._SOURCE", tmp_path / "source")
    home = Home(tmp_path / "home")
    home.prepare()
    return home


def told(home: Home, fails: bool) -> str:
    script = home.root.parent / "source" / "cluster" / "bootstrap.py"
    script.write_text(CHILD.replace("FAILS", str(fails)))
    (script.parent / "__init__.py").touch()
    console = Console(record=True, width=100, file=StringIO())
    try:
        launch(home, RayAddress("127.0.0.1:1", "", home.token), {}, Terminal(console))
    finally:
        text = console.export_text()
    return text


def test_the_childs_steps_become_ours(home: Home) -> None:
    text = told(home, fails=False)
    assert "✓ Governance" in text
    assert "✓ Serve" in text


def test_a_child_that_fails_is_quoted(home: Home) -> None:
    with pytest.raises(PartFailed, match="did not start") as refused:
        told(home, fails=True)
    assert "no route to the ledger" in refused.value.way_out
