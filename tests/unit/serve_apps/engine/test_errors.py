"""The tree at the top of the errors' file is the tree there is."""

from __future__ import annotations

import inspect

from serve_apps.engine import errors


def test_the_tree_in_the_docstring_is_complete() -> None:
    classes = [item for _, item in inspect.getmembers(errors, inspect.isclass) if item.__module__ == errors.__name__]
    assert len(classes) == 9
    for kind in classes:
        assert kind.__name__ in (errors.__doc__ or "")
        assert issubclass(kind, errors.EngineError)


def test_a_full_engine_carries_when_to_come_back() -> None:
    assert errors.EngineFull("full", 2.5).retry_after_s == 2.5
