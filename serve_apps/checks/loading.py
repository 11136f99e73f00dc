"""Parts of the checks that the settings name as `package.module:factory`; the factory takes nothing."""

from importlib import import_module
from typing import Any


class CannotLoad(Exception):
    """A setting names something that is not there; correct it or install what it needs."""


def load(setting: str, named: str) -> Any:
    """What the factory makes, None for an empty name. Raises `CannotLoad` naming the setting."""
    if not named:
        return None
    module, _, factory = named.partition(":")
    try:
        return getattr(import_module(module), factory)()
    except (ImportError, AttributeError) as error:
        raise CannotLoad(f"uploads.checks.{setting}: {named!r} cannot be loaded: {error}") from None
