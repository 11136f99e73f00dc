"""The machine's side: start and stop the service here, look at it, show what it does."""

from pathlib import Path
from typing import Annotated

import typer

from cluster.cli.output import Json, answer, console, table
from cluster.config import load
from cluster.demo.run import Wish, demonstrate
from cluster.errors import NotRunning
from cluster.installation import Addresses, Installation, Part
from cluster.progress import Silent, Teller, Terminal


def add_to(app: typer.Typer) -> None:
    """Adds these commands to the program."""
    for command in (up, down, status, demo):
        app.command()(command)


def teller_for(as_json: bool) -> Teller:
    return Silent() if as_json else Terminal(console)


def up(json: Json = False) -> None:
    """Start the service on this machine and leave it running."""
    addresses = Installation(load()).up(teller_for(json))
    answer(json, addresses, table("", "", rows=[("API", addresses.api), *_pages(addresses)]))


def down(json: Json = False) -> None:
    """Stop the service; all data stay for the next `up`."""
    Installation(load()).down(teller_for(json))
    answer(json, {"stopped": True}, "Everything is stopped; the data stay for the next `pixreunion up`.")


def status(json: Json = False) -> None:
    """Show which parts run and where."""
    installation = Installation(load())
    parts, addresses = installation.status(), installation.addresses()
    document = {"parts": {part.value: runs for part, runs in parts.items()}, "addresses": addresses}
    rows = [(part.value, "[green]runs[/green]" if runs else "[dim]stopped[/dim]") for part, runs in parts.items()]
    if addresses is not None:
        rows += [("", ""), *_pages(addresses)]
    answer(json, document, table("Part", "State", rows=rows))
    if not parts[Part.API]:
        raise NotRunning("The API does not answer.", "Start the service with `pixreunion up`.")


def _pages(addresses: Addresses) -> list[tuple[str, str]]:
    """What is there for a browser."""
    return [
        ("Studio", f"{addresses.api}/studio"),
        ("API documentation", addresses.docs),
        ("Ray dashboard", addresses.dashboard),
    ]


def demo(
    out: Annotated[Path, typer.Option(help="Where the contact sheet and the certificate go.")] = Path("var/demo"),
    seed: Annotated[int | None, typer.Option(help="Another person for another number; none: a new one.")] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Training steps; none: the preset's.")] = None,
    json: Json = False,
) -> None:
    """Show the main job from end to end: photos in, a model of one's own, pictures out, all of it erased."""
    shown = demonstrate(load(), Wish(out, seed, steps), teller_for(json))
    cost = f"Done in {shown.wall_s:.0f} s, with at most {shown.peak_memory_bytes / 1e9:.1f} GB of memory."
    answer(json, shown, f"{cost} See {shown.outcome.contact_sheet}")
