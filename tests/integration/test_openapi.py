"""The running service keeps to its own OpenAPI document, whatever comes."""

import httpx

from governance.model import Role
from tests.integration.house import House
from tests.integration.people import newcomer
from tests.support.fuzzing import Callers, Fuzz

STAFF = {
    "/v1/dpo": Role.DPO, "/opendsr": Role.DPO, "/v1/support/queue": Role.SUPPORT, "/v1/staff": Role.CLUSTER_ADMIN,
    "/v1/ops": Role.ML_OPS,
}  # fmt: skip


def callers(house: House) -> Callers:
    """New people, and one of the staff for each part that is theirs."""
    tokens = {role: token_of(newcomer(house).works_as(role)) for role in set(STAFF.values())}
    return Callers(lambda: newcomer(house).token, {path: tokens[role] for path, role in STAFF.items()}, house.url)


def token_of(http: httpx.Client) -> str:
    return http.headers["Authorization"].removeprefix("Bearer ")


def test_made_up_calls_are_answered_as_the_document_says(house: House) -> None:
    """Always the same calls: a fixed seed. `make test-api` makes ten thousand."""
    document = httpx.get(f"{house.url}/openapi.json", timeout=60).json()
    fuzz = Fuzz(document, callers(house))
    fuzz.every_operation(examples=2)
    fuzz.walks(count=4, steps=6)
    assert fuzz.result.wrong == {}
    assert fuzz.result.calls > 150
    assert fuzz.result.statuses[200] + fuzz.result.statuses[201] > 20, "some calls must be good ones"
