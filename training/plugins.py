"""What the settings name as `package.module:factory`, so that the pool can be completed from outside."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from training.errors import InvalidJob


def factory_of(setting: str, named: str) -> Callable[[], Any]:
    """The factory, which takes nothing. `InvalidJob`, with the setting's name, when it cannot be loaded."""
    module, _, factory = named.partition(":")
    try:
        found: Callable[[], Any] = getattr(import_module(module), factory)
    except (ImportError, AttributeError) as error:
        raise InvalidJob(f"{setting}: {named!r} cannot be loaded: {error}") from None
    return found
