"""How often a password may be tried."""

import pytest

from serve_apps.ingress.attempts import MAX_TRACKED, Attempts
from serve_apps.ingress.errors import TooManyAttempts


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_attempts_run_out_and_come_back_with_time() -> None:
    clock = Clock()
    attempts = Attempts(3, 30.0, clock)
    for _ in range(3):
        attempts.take(b"a")
    with pytest.raises(TooManyAttempts) as refused:
        attempts.take(b"a")
    assert refused.value.retry_after_s == pytest.approx(10.0)
    clock.now = 10.0
    attempts.take(b"a")
    with pytest.raises(TooManyAttempts):
        attempts.take(b"a")


def test_people_do_not_use_up_each_others_attempts() -> None:
    attempts = Attempts(1, 30.0, Clock())
    attempts.take(b"a")
    attempts.take(b"b")


def test_success_forgets_earlier_attempts() -> None:
    attempts = Attempts(1, 30.0, Clock())
    attempts.take(b"a")
    attempts.forget(b"a")
    attempts.take(b"a")


def test_memory_is_bounded() -> None:
    attempts = Attempts(1, 30.0, Clock())
    for n in range(MAX_TRACKED + 10):
        attempts.take(n.to_bytes(4, "big"))
    assert len(attempts._buckets) == MAX_TRACKED
