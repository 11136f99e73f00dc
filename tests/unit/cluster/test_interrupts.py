import os
import signal
import threading

import pytest

from cluster.interrupts import SIGNALS, undisturbed


@pytest.mark.parametrize("number", SIGNALS)
def test_a_request_to_end_waits_for_the_end_of_the_block(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    steps = []

    def work() -> None:
        with undisturbed():
            os.kill(os.getpid(), number)
            os.kill(os.getpid(), number)
            steps.append("the whole block")
        steps.append("and nothing after it")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert steps == ["the whole block"]
    assert signal.getsignal(number) is before


def test_an_error_of_the_block_comes_first() -> None:
    def fail() -> None:
        with undisturbed():
            os.kill(os.getpid(), signal.SIGINT)
            raise ValueError("of the block")

    with pytest.raises(ValueError, match="of the block"):
        fail()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_nobody_asks_and_nothing_happens() -> None:
    with undisturbed():
        assert signal.getsignal(signal.SIGINT) is not signal.default_int_handler


def test_in_another_thread_the_main_threads_signals_stay_as_they_are() -> None:
    seen = []

    def elsewhere() -> None:
        with undisturbed():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert seen == [signal.default_int_handler]
