import gc
import sys
from collections.abc import Iterator

import pytest

from training.loading import load


@pytest.fixture(autouse=True)
def thawed() -> Iterator[None]:
    yield
    gc.unfreeze()
    gc.enable()


def test_nothing_is_searched_for_while_a_module_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    searched: list[bool] = []
    monkeypatch.setattr("training.loading.import_module", lambda name: searched.append(gc.isenabled()) or sys)
    assert load("anything") is sys
    assert searched == [False]
    assert gc.isenabled()
    assert gc.get_freeze_count() > 0


def test_also_after_a_module_that_is_not_there() -> None:
    with pytest.raises(ModuleNotFoundError):
        load("training.nothing_of_that_name")
    assert gc.isenabled()


def test_a_search_that_was_off_stays_off() -> None:
    gc.disable()
    load("json")
    assert not gc.isenabled()
