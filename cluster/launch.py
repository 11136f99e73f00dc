"""Runs the bootstrap in a process of its own and passes on what it tells."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from cluster.config import environment
from cluster.errors import PartFailed
from cluster.home import Home
from cluster.processes import OWNER
from cluster.progress import Teller
from cluster.rayhead import RayAddress

_SOURCE = Path(__file__).parent.parent


def launch(home: Home, address: RayAddress, surroundings: Mapping[str, str], teller: Teller) -> None:
    """Composes `home`'s plan on the Ray at `address`. Raises PartFailed with the last words of what failed."""
    variables = environment({**address.environment(), **surroundings, OWNER: str(home.root), "PYTHONUNBUFFERED": "1"})
    tell_along("cluster.bootstrap", [str(home.root / "plan.json")], variables, home.logs / "bootstrap.log", teller)


def tell_along(
    module: str, arguments: Sequence[str], variables: Mapping[str, str], log: Path, teller: Teller
) -> dict[str, object]:
    """Runs a module of ours that tells its steps as JSON lines, and tells them along; returns the last line that was
    no step. Raises PartFailed."""
    with log.open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=errors, env=dict(variables), cwd=_SOURCE, start_new_session=True, text=True,
        )  # fmt: skip
    with ExitStack() as steps:
        try:
            said = _retell(process, teller, steps)
            status = process.wait()
        except BaseException:
            process.kill()
            process.wait()
            raise
        if status != 0:
            raise PartFailed("The services did not start.", f"Their words are in {log}:\n{_tail(log)}")
    return said


def _retell(process: subprocess.Popen[str], teller: Teller, steps: ExitStack) -> dict[str, object]:
    """Opens a step of ours for each step of the child's; one that the child does not end stays open in `steps`."""
    assert process.stdout is not None
    said: dict[str, object] = {}
    for line in process.stdout:
        told = _parsed(line)
        if told.get("done") == 0.0:
            steps.enter_context(teller.step(str(told["step"])))
        elif told.get("done") == 1.0:
            steps.pop_all().close()
        elif told and "done" not in told:
            said = told
    return said


def _parsed(line: str) -> dict[str, object]:
    """A line of the child's; empty for what a library printed."""
    try:
        told = json.loads(line)
    except json.JSONDecodeError:
        return {}
    return told if isinstance(told, dict) else {}


def _tail(log: Path, lines: int = 6) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
