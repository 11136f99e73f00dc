"""On which nodes a detached actor may run, in Ray's terms."""

from collections.abc import Mapping
from typing import Any

HEAD_LABEL = "pixreunion.io/head"
"""The value is "true" on the node where Ray's own control service runs, and on no other."""


def placement(labels: Mapping[str, str] | None) -> dict[str, Any]:
    """Options of an actor that may run on the nodes with all of `labels` (P9.1), and off the head while one of them is
    another node: whoever was served before the head was lost is then served on. No labels: anywhere."""
    if not labels:
        return {}
    off_the_head = dict(labels) | {HEAD_LABEL: "!true"}
    return {"label_selector": off_the_head, "fallback_strategy": [{"label_selector": dict(labels)}]}
