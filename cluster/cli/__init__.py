"""The command line `pixreunion`: the machine's side (`up`, `down`, …) and the person's side (`account`, `train`, …)."""

from cluster.cli.main import main

__all__ = ["main"]
