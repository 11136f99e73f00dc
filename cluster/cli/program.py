"""The commands brought together, and what happens to their errors."""

import resource
import signal
import sys

import typer

from cluster.cli import dpo, keeping, machine, moving, node, operations, person, planning, standing, watching
from cluster.cli.output import errors, explain
from cluster.errors import ClusterError, DiskUnusable
from cluster.interrupts import SIGNALS, interrupt

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
standing.add_to(app)
moving.add_to(app)
dpo.add_to(app)
operations.add_to(app)
node.add_to(app)
planning.add_to(app)
watching.add_to(app)


def main() -> None:
    """Runs one command. Exit status: 0 done; 1 refused or failed, with a reason; 2 wrong usage; 130 interrupted."""
    # No process of ours leaves its memory on the disk when it crashes: what we start inherits this.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for number in SIGNALS:
        signal.signal(number, interrupt)
    try:
        app()
    except ClusterError as error:
        explain(error)
        sys.exit(1)
    except OSError as error:
        explain(_about_a_file(error))
        sys.exit(1)
    except SystemExit as end:
        if end.code == INTERRUPTED:
            errors.print("Stopped.")
        raise


def _about_a_file(error: OSError) -> DiskUnusable:
    where = error.filename or "A file or connection"
    return DiskUnusable(f"{where}: {error.strerror or error}.", "Name another place, or make this one usable.")
