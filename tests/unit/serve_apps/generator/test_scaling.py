"""Replicas by the steps that wait, within the limits."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from serve_apps.generator.scaling import QUEUED_STEPS, ByQueuedSteps, total_steps


@dataclass
class Context:
    """The part of Ray Serve's `AutoscalingContext` that is read."""

    steps: dict[str, float] = field(default_factory=dict)
    total_num_requests: float = 0
    capacity_adjusted_min_replicas: int = 1
    capacity_adjusted_max_replicas: int = 4

    @property
    def aggregated_metrics(self) -> dict[str, dict[str, float]]:
        return {QUEUED_STEPS: self.steps} if self.steps else {}


@pytest.mark.parametrize(
    ("steps", "replicas"),
    [({}, 1), ({"a": 0.0}, 1), ({"a": 100.0}, 1), ({"a": 101.0}, 2), ({"a": 150.0, "b": 151.0}, 4), ({"a": 9e9}, 4)],
)
def test_one_replica_for_every_target_of_steps(steps: dict[str, float], replicas: int) -> None:
    assert ByQueuedSteps(100)(Context(steps)) == (replicas, {})


def test_few_long_requests_count_more_than_many_short_ones() -> None:
    policy = ByQueuedSteps(100)
    few_long = Context({"a": 350.0}, total_num_requests=1)
    many_short = Context({"a": 50.0}, total_num_requests=40)
    assert policy(few_long)[0] > policy(many_short)[0]


def test_from_zero_whatever_waits_wakes_one() -> None:
    policy = ByQueuedSteps(100)
    assert policy(Context(capacity_adjusted_min_replicas=0))[0] == 0
    assert policy(Context(total_num_requests=1, capacity_adjusted_min_replicas=0))[0] == 1


def test_a_target_must_be_positive() -> None:
    with pytest.raises(ValueError, match="positive"):
        ByQueuedSteps(0)


def test_steps_of_all_replicas_add_up() -> None:
    assert total_steps({QUEUED_STEPS: {"a": 1.0, "b": 2.5}, "other": {"a": 9.0}}) == 3.5
