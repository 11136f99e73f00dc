"""How commands answer: to a person, or with `--json` to a script."""

import json
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from pydantic import BaseModel
from pydantic_core import to_jsonable_python
from rich.console import Console
from rich.table import Table

from cluster.errors import ClusterError

Json = Annotated[bool, typer.Option("--json", help="Answer with one JSON document.")]

console = Console()
errors = Console(stderr=True)


def answer(as_json: bool, document: BaseModel | dict[str, Any] | list[Any], text: str | Table) -> None:
    """Prints `document` as JSON for a script, else `text`."""
    if not as_json:
        console.print(text)
        return
    typer.echo(json.dumps(to_jsonable_python(document, fallback=str)))


def explain(error: ClusterError) -> None:
    """What happened and the way out, on standard error."""
    errors.print(f"[bold red]{type(error).__name__}[/bold red]: {error.what}", highlight=False)
    errors.print(error.way_out, highlight=False, markup=False)


def table(*columns: str, rows: Sequence[tuple[str, ...]]) -> Table:
    shown = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        shown.add_row(*row)
    return shown
