"""Ten thousand calls made up from the OpenAPI document; `make test-api` runs it."""

import logging

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
    start, calls, wrong = 1, 0, dict[str, str]()
    while calls < CALLS:
        fuzz = Fuzz(document, callers(house), start)
        fuzz.every_operation(examples=12)
        fuzz.walks(count=40, steps=8)
        calls, start = calls + fuzz.result.calls, start + 1
        wrong |= fuzz.result.wrong
        log.info("%s calls, %s kinds of wrong answers, %s", calls, len(wrong), sorted(fuzz.result.statuses.items()))
    assert wrong == {}
