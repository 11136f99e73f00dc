"""Knobs as they are written on a command line: `--set steps=300 --set flip=true`."""

import json
from collections.abc import Sequence

from training.errors import InvalidJob
from training.jobs import Param


def knobs(settings: Sequence[str]) -> dict[str, Param]:
    """`steps=300` and the like; `InvalidJob` for what is no such pair."""
    found: dict[str, Param] = {}
    for one in settings:
        name, equals, value = one.partition("=")
        if not equals:
            raise InvalidJob(f"--set {one}: write it as NAME=VALUE, such as --set steps=300")
        found[name.strip()] = _value(value.strip())
    return found


def _value(text: str) -> Param:
    try:
        value = json.loads(text.lower() if text.lower() in ("true", "false") else text)
    except json.JSONDecodeError:
        return text
    return value if isinstance(value, int | float | bool) else text
