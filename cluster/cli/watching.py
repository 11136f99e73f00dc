"""The operator's live view."""

import json as jsonlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.live import Live

from cluster.cli.output import Json, answer, console
from cluster.config import environment, load, own_environment
from cluster.errors import NotRunning
from cluster.installation import Installation
from cluster.observability.screen import screen
from cluster.observability.snapshot import Snapshot

_SOURCE = Path(__file__).parent.parent.parent


def add_to(app: typer.Typer) -> None:
    """Adds these commands to the program."""
    app.command()(top)


def top(
    every: Annotated[float, typer.Option(help="Seconds between two looks.", min=0.2)] = 2.0,
    once: Annotated[bool, typer.Option("--once", help="Look once and end.")] = False,
    json: Json = False,
) -> None:
    """Watch nodes, replicas, queues, training and erasures; Ctrl-C ends it."""
    if json:
        answer(True, next(_looks(every, 1)), "")
        return
    _show(every, once)


def _show(every_s: float, once: bool) -> None:
    with Live(console=console, screen=not once, auto_refresh=False) as live:
        for seen in _looks(every_s, int(once)):
            live.update(screen(Snapshot.model_validate(seen)), refresh=True)


def _looks(every_s: float, count: int) -> Iterator[dict[str, object]]:
    """What the watching process prints. Raises NotRunning when it finds no service."""
    argv = [sys.executable, "-m", "cluster.observability.watch", str(every_s), str(count)]
    with subprocess.Popen(
        argv, env=_surroundings(), cwd=_SOURCE, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True,
    ) as watching:  # fmt: skip
        assert watching.stdout is not None
        try:
            seen = 0
            for line in watching.stdout:
                if line.startswith("{"):
                    seen += 1
                    yield jsonlib.loads(line)
        finally:
            watching.terminate()
    if not seen:
        raise NotRunning("No service is there to be looked at.", "Start it with `pixreunion up`.")


def _surroundings() -> dict[str, str]:
    """With which Ray is found: this machine's own service, else the cluster that the environment names."""
    installation = Installation(load())
    if installation.addresses() is None:
        return own_environment()
    return environment(installation.ray_address.environment())
