"""Ten thousand calls made up from the OpenAPI document; `make test-api` runs it."""

import logging
from itertools import count

import httpx

from governance.model import Role
from tests.integration.house import House
from tests.integration.people import newcomer
from tests.support.fuzzing import Callers, Fuzz

CALLS = 10_000
log = logging.getLogger("tests.api")

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


def test_ten_thousand_calls(house: House) -> None:
    """No error of the service's own, and no answer that the document does not describe."""
    document = httpx.get(f"{house.url}/openapi.json", timeout=60).json()
    fuzz = Fuzz(document, callers(house))
    made = fuzz.result
    for number in count(1):
        fuzz.every_operation(number, examples=12)
        fuzz.walks(number, count=40, steps=8)
        if made.calls >= CALLS:
            break
    never = sorted(fuzz.operations - set(made.carried_out))
    log.info("%s calls of %s operations, %s", made.calls, len(made.operations), sorted(made.statuses.items()))
    log.info("%s operations were carried out; only refused: %s", len(made.carried_out), never)
    assert set(made.operations) == fuzz.operations
    assert made.wrong == {}
