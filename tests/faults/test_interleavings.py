"""The stateful test of `tests/unit/governance/test_stateful.py` at length: more and longer stories for each seed."""

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from cluster.embedded.throwaway import Servers
from tests.unit.governance.test_stateful import World

EXAMPLES, STEPS = 2, 40


@pytest.mark.timeout(900)
def test_long_stories(servers: Servers, fault_seed: int) -> None:
    World.servers = servers
    quiet = settings(
        max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    run_state_machine_as_test(seed(1000 + fault_seed)(World), settings=quiet)
