"""`pixreunion` as a person calls it: a process of its own, with a home and ports of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from cluster.ports import free_block
from cluster.processes import belonging_to

_SOURCE = Path(__file__).parent.parent.parent
_PROGRAM = (sys.executable, "-c", "from cluster.cli import main; main()")


@dataclass(frozen=True)
class Commands:
    """The command line of one person on one machine; `folder` is where they sit and what they call home."""

    folder: Path
    surroundings: dict[str, str]

    @property
    def home(self) -> Path:
        return self.folder / "h"

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*_PROGRAM, *arguments], env=self.surroundings, cwd=self.folder, capture_output=True, text=True, check=False
        )

    def ask(self, *arguments: str) -> Any:
        """The JSON document that a command answers with."""
        done = self.run(*arguments, "--json")
        assert done.returncode == 0, f"{arguments}: {done.stdout} {done.stderr}"
        return json.loads(done.stdout)

    def refused(self, *arguments: str) -> str:
        """What a command that must fail says on standard error; no traceback may be in it."""
        done = self.run(*arguments)
        assert done.returncode == 1, f"{arguments}: {done.stdout} {done.stderr}"
        assert "Traceback" not in done.stderr
        return " ".join(done.stderr.split())

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        """The command under way, in a session of its own as if in another terminal."""
        return subprocess.Popen(
            [*_PROGRAM, *arguments], env=self.surroundings, cwd=self.folder, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip

    def processes(self, home: Path | None = None) -> Sequence[psutil.Process]:
        """Everything that runs for the home, or for anything below our folder."""
        marks = belonging_to(home or self.home, home or self.folder)
        return [process for mark in marks if (process := mark.process()) is not None]


def commands(folder: Path) -> Commands:
    """A newcomer's: nothing set but where things go; temporary files go below the folder too."""
    temporary = folder / "t"
    temporary.mkdir()
    own = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "TMPDIR": str(temporary),
        "PYTHONPATH": str(_SOURCE),
        "PIXREUNION_HOME": str(folder / "h"),
        "PIXREUNION_PORT_BASE": str(free_block().base),
    }
    return Commands(folder, own)
