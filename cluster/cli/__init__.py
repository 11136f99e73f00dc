"""The command line `pixreunion`: the machine's side (`up`, `down`, …) and the person's side (`account`, `train`, …)."""

import sys
from importlib import import_module


def main() -> None:
    """Loads the commands, which takes a moment in which Ctrl-C must be as clean as later, and runs one."""
    try:
        commands = import_module("cluster.cli.program")
    except KeyboardInterrupt:
        sys.stderr.write("Stopped.\n")
        sys.exit(130)
    commands.main()
