"""Everything that is held of a person, out as one archive and in at another installation."""

import time
from pathlib import Path
from typing import Annotated

import typer

from cluster.cli.output import Json, answer
from cluster.client.rights import RightsApi
from cluster.client.session import signed_in_as
from cluster.config import load
from cluster.errors import NotRunning

POLL_S = 0.5


def add_to(app: typer.Typer) -> None:
    """Adds these commands to the program."""
    app.command("export")(export)
    app.command("import")(take_over)


def export(
    out: Annotated[Path, typer.Option(help="Where the archive goes.")] = Path("export.zip"),
    timeout_s: Annotated[float, typer.Option(help="How long to wait for it.")] = 600.0,
    json: Json = False,
) -> None:
    """Get everything that is held of you as one ZIP."""
    with signed_in_as(load(), RightsApi) as api:
        request = api.exercise("portability")
        deadline = time.monotonic() + timeout_s
        while request.result is None:
            if time.monotonic() > deadline:
                raise NotRunning(f"{request.id} is {request.state} after {timeout_s:.0f} s.", "Ask again later.")
            time.sleep(POLL_S)
            request = api.right(request.id)
        out.write_bytes(api.content(request.result))
    answer(json, request.model_dump(mode="json") | {"file": str(out)}, f"Everything held of you is in {out}.")


def take_over(
    archive: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="An export's ZIP.")],
    json: Json = False,
) -> None:
    """Move in with the export of another installation."""
    with signed_in_as(load(), RightsApi) as api:
        made = api.take_over(archive.read_bytes())
    answer(json, made, f"{len(made.ids)} photos, models, pictures and texts were taken over.")
