"""The thread that acts when a lease ends."""

from threading import Event
from time import monotonic

from governance.watchdog import Watchdog


def test_it_acts_when_a_deadline_passes_and_not_before_a_moved_one() -> None:
    acted = Event()
    dog = Watchdog(acted.set)
    dog.start()
    dog.set(monotonic() + 60)
    assert not acted.wait(0.1)
    dog.set(monotonic() + 0.05)
    assert acted.wait(5)
    dog.stop()


def test_stopping_does_not_act() -> None:
    acted = Event()
    dog = Watchdog(acted.set)
    dog.start()
    dog.set(monotonic() + 60)
    dog.stop()
    assert not acted.is_set()
