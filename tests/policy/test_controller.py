"""P1: who answers."""

from hashlib import sha256

import httpx

from governance.policy import shipped
from tests.integration.house import House


def test_p1_1_the_policy_names_the_controller_without_signing_in(house: House) -> None:
    """Anybody reads who answers, where to write, the version, its date and the hash of its text."""
    answer = httpx.get(f"{house.url}/v1/policy").json()
    policy = shipped()
    assert answer["controller"]["name"] == policy.controller.name
    assert "@" in answer["controller"]["contact"]
    assert answer["controller"]["address"]
    assert (answer["version"], answer["effective"]) == (policy.version, policy.effective.isoformat())
    assert answer["sha256"] == sha256(policy.text.encode()).hexdigest()
