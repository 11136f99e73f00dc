"""How many generator replicas there should be: by the denoising steps that wait, not by requests.

A request for one picture in ten steps and one for eight pictures in fifty differ by a factor of forty; what a replica
can catch up with is steps.
"""

import math
from collections.abc import Mapping
from typing import Any

QUEUED_STEPS = "queued_steps"
DOWNSCALE_DELAY_S = 60.0
"""A replica goes when fewer were wanted for so long: a lull between bursts is no reason to load a model anew."""


class ByQueuedSteps:
    """An autoscaling policy of Ray Serve: one replica for every `target` steps that are still to run."""

    def __init__(self, target: float) -> None:
        if target <= 0:
            raise ValueError(f"the target is a positive number of steps, not {target}")
        self._target = target

    def __call__(self, context: Any) -> tuple[int, dict[str, Any]]:
        """The replicas wanted, and no state. From zero, anything that waits wakes the first one."""
        steps = total_steps(context.aggregated_metrics or {})
        wanted = math.ceil(steps / self._target)
        if context.total_num_requests > 0:
            wanted = max(wanted, 1)
        return max(context.capacity_adjusted_min_replicas, min(wanted, context.capacity_adjusted_max_replicas)), {}


def total_steps(metrics: Mapping[str, Mapping[Any, float]]) -> float:
    """The steps that all replicas together still have to run."""
    return sum(metrics.get(QUEUED_STEPS, {}).values())
