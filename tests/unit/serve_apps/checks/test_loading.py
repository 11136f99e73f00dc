"""Factories that the settings name."""

import pytest

from serve_apps.checks.loading import CannotLoad, load


def test_a_factory_is_called() -> None:
    assert load("face_finder", "builtins:dict") == {}
    assert load("face_finder", "") is None


@pytest.mark.parametrize("named", ["no.module:here", "builtins:no_such_thing", "builtins"])
def test_what_is_not_there_is_told_with_its_setting(named: str) -> None:
    with pytest.raises(CannotLoad, match=f"face_finder: '{named}'"):
        load("face_finder", named)
