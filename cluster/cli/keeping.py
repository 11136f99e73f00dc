"""The keeper's side: backups, the epoch of the keys, retention, and a look for traces of a person."""

from pathlib import Path
from typing import Annotated

import typer

from cluster.cli.machine import teller_for
from cluster.cli.output import Json, answer, table
from cluster.config import load
from cluster.demo.residue import ResidueScan, Traces
from cluster.errors import BadSettings, ClusterError
from cluster.installation import Installation
from cluster.keeper import Action
from governance.residue.canary import CanaryRefused

Folder = Annotated[Path, typer.Argument(help="A folder of its own for this backup.")]


class TracesFound(ClusterError):
    """The scan found something, or could not read everything."""


def add_to(app: typer.Typer) -> None:
    """Adds these commands to the program."""
    for command in (backup, restore, rotate, retention, scan):
        app.command()(command)


def backup(folder: Folder, json: Json = False) -> None:
    """Write a sealed backup, beside the running service or without it."""
    _keep(Action.BACKUP, folder, json)


def restore(folder: Folder, json: Json = False) -> None:
    """Restore a backup into an empty home; erasures made since are carried out again before anything is served."""
    _keep(Action.RESTORE, folder, json)


def rotate(json: Json = False) -> None:
    """Begin a new epoch of keys; backups of earlier epochs cannot be read any more."""
    _keep(Action.ROTATE, None, json)


def retention(json: Json = False) -> None:
    """Apply a shorter retention to what is kept already; no deadline becomes later."""
    _keep(Action.RETENTION, None, json)


def scan(
    photos: Annotated[list[Path] | None, typer.Argument(exists=True, dir_okay=False, help="Pictures.")] = None,
    text: Annotated[list[str] | None, typer.Option(help="A name, an address, a prompt.")] = None,
    json: Json = False,
) -> None:
    """Look for traces of a person on the disk and in the memory of every process of the service."""
    installation = Installation(load())
    if not photos and not text:
        raise BadSettings("There is nothing to look for.", "Name pictures, or texts with --text.")
    try:
        traces = ResidueScan(Traces([path.read_bytes() for path in photos or ()], (), text or ()), ())
    except CanaryRefused as error:
        raise BadSettings(str(error), "Give a longer text or a picture with more to see.") from error
    folders = dict.fromkeys((installation.home.root, installation.home.ray))
    with teller_for(json).step("Looking"):
        report = traces.run(folders, installation.processes())
    rows = [(finding.place.value, finding.source, str(finding.offset), finding.canary) for finding in report.findings]
    answer(json, dict(report.to_json()), table("Place", "Where", "Byte", "Trace", rows=rows))
    if not report.clean:
        unread = f"; {len(report.unreadable)} places could not be read" if report.unreadable else ""
        raise TracesFound(f"{len(report.findings)} traces were found{unread}.", "Erase the person, then look again.")


def _keep(action: Action, folder: Path | None, json: bool) -> None:
    done = Installation(load()).keep(action, folder, teller_for(json))
    answer(json, {"done": done}, done)
