"""Ten thousand calls made up from the OpenAPI document; `make test-api` runs it, `make test` a few hundred of them."""

import logging

import httpx

from tests.integration.house import House
from tests.integration.test_openapi import callers
from tests.support.fuzzing import Fuzz

CALLS = 10_000
log = logging.getLogger("tests.api")


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
