"""The commands brought together, and what happens to their errors."""

import resource
import signal
import sys
from types import FrameType

import typer

from cluster.cli import keeping, machine, person
from cluster.cli.output import errors, explain
from cluster.errors import ClusterError

INTERRUPTED = 130

app = typer.Typer(
    help="A model of one's own from a handful of photos, pictures from it, and erasure of all of it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)
machine.add_to(app)
keeping.add_to(app)
person.add_to(app)


def main() -> None:
    """Runs one command. Exit status: 0 done; 1 refused or failed, with a reason; 2 wrong usage; 130 interrupted."""
    # No process of ours leaves its memory on the disk when it crashes: what we start inherits this.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGTERM, _as_interrupt)
    try:
        app()
    except ClusterError as error:
        explain(error)
        sys.exit(1)
    except SystemExit as end:
        if end.code == INTERRUPTED:
            errors.print("Stopped.")
        raise


def _as_interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
