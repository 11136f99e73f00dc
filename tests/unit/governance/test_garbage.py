import gc
import weakref

import pytest

from governance.garbage import Sweeper


class Knot:
    """Holds itself."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def nobody_else_collects():
    gc.disable()
    yield
    gc.enable()


def test_a_cycle_is_gone_after_a_sweep_and_not_before() -> None:
    knot = weakref.ref(Knot())
    assert knot() is not None
    assert Sweeper().sweep()
    assert knot() is None


def test_sweeps_keep_their_distance() -> None:
    sweeper = Sweeper()
    assert [sweeper.sweep(), sweeper.sweep()] == [True, False]


def test_what_was_set_aside_is_not_looked_at_again() -> None:
    before = gc.get_freeze_count()
    Sweeper().set_aside()
    assert gc.get_freeze_count() > before
