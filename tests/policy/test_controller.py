"""P1: who answers."""

from hashlib import sha256

import httpx

from governance.policy import shipped
from tests.integration.house import House
from tests.integration.people import Person


def test_p1_1_the_policy_names_the_controller_without_signing_in(house: House) -> None:
    """Anybody reads who answers, where to write, the version, its date and the hash of its text."""
    answer = httpx.get(f"{house.url}/v1/policy").json()
    policy = shipped()
    assert answer["controller"]["name"] == policy.controller.name
    assert "@" in answer["controller"]["contact"]
    assert answer["controller"]["address"]
    assert (answer["version"], answer["effective"]) == (policy.version, policy.effective.isoformat())
    assert answer["sha256"] == sha256(policy.text.encode()).hexdigest()


def test_p1_1_the_register_of_processing_carries_the_same(house: House, officer: Person) -> None:
    """Controller, contact and version in the register (Art. 30) are those that everybody reads."""
    public = httpx.get(f"{house.url}/v1/policy").json()
    register = officer.http.get("/v1/dpo/register").json()
    assert (register["controller"], register["contact"]) == (
        public["controller"]["name"],
        public["controller"]["contact"],
    )
    assert register["policy_version"] == public["version"]
