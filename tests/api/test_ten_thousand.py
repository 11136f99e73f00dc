"""Ten thousand calls made up from the OpenAPI document; `make test-api` runs it, `make test` a few hundred of them."""

import logging

from tests.integration.house import House
from tests.integration.people import Person
from tests.integration.test_openapi import callers
from tests.support.fuzzing import Fuzz

CALLS = 10_000
log = logging.getLogger("tests.api")


def test_ten_thousand_calls(house: House, stranger: Person) -> None:
    """No error of the service's own, and no answer that the document does not describe."""
    document = stranger.http.get("/openapi.json").json()
    start, calls, wrong = 1, 0, dict[str, str]()
    while calls < CALLS:
        fuzz = Fuzz(document, callers(house, stranger), start)
        fuzz.every_operation(examples=12)
        fuzz.walks(count=40, steps=8)
        calls, start = calls + fuzz.result.calls, start + 1
        wrong |= fuzz.result.wrong
        log.info("%s calls, %s kinds of wrong answers, %s", calls, len(wrong), sorted(fuzz.result.statuses.items()))
    assert wrong == {}
