"""What the engine is given and when: at once, or in batches that start and end together."""

from __future__ import annotations

from collections import deque

from benchmarks.generation.traffic import Arrivals, _all_at_once, _static
from serve_apps.engine.model import AccountId, GenerationRequest, RequestId


def waiting(*steps: int) -> deque[tuple[float, GenerationRequest]]:
    made = [GenerationRequest(RequestId(f"r{n}"), AccountId("a"), "", steps=count) for n, count in enumerate(steps)]
    return deque((float(n), request) for n, request in enumerate(made))


def steps_of(arrivals: Arrivals) -> list[int]:
    return [request.steps for _, request in arrivals]


def test_continuous_batching_takes_whatever_waits() -> None:
    line = waiting(3, 9)
    assert steps_of(_all_at_once(line, running=5)) == [3, 9]
    assert not line


def test_a_static_batch_runs_as_long_as_its_longest() -> None:
    line = waiting(3, 9, 5)
    assert steps_of(_static(2, line, running=0, to_the_end=True)) == [9, 9]
    assert steps_of(list(line)) == [5]


def test_nobody_joins_a_static_batch_that_runs() -> None:
    assert _static(2, waiting(3), running=1, to_the_end=True) == []
    assert _static(2, waiting(), running=0, to_the_end=True) == []


def test_the_gentler_one_lets_each_leave_after_its_own_steps() -> None:
    assert steps_of(_static(2, waiting(3, 9), running=0, to_the_end=False)) == [3, 9]
