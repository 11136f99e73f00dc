"""Calls made up from the OpenAPI document, by schemathesis: what the document allows and what it does not, alone and
along its links. Whatever comes, the service answers as the document says, and never with an error of its own."""

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.core.transport import Response
from schemathesis.openapi import from_dict
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
log = logging.getLogger("tests.api")

ENDLESS = "/v1/events/stream"
FATAL = ("/v1/account", "/v1/sessions", "/v1/rights", "/v1/password", "/v1/tokens")
"""After these the caller may be nobody any more: their account is gone, their token, or their processing restricted."""
BUSY = 503
TOLD_EVERY = 500


@dataclass
class Callers:
    """Whose tokens the calls carry; `fresh` gives a new person's, `staff` those of the staff by the paths they use."""

    fresh: Callable[[], str]
    staff: Mapping[str, str]
    url: str
    _token: str = ""

    def token(self, path: str) -> str:
        for prefix, token in self.staff.items():
            if path.startswith(prefix):
                return token
        self._token = self._token or self.fresh()
        return self._token

    def replace_the_dead(self) -> None:
        headers = {"Authorization": f"Bearer {self._token}"}
        shown = httpx.get(f"{self.url}/v1/account", headers=headers, timeout=60)
        if shown.status_code != httpx.codes.OK or shown.json()["status"] != "active":
            self._token = self.fresh()


@dataclass
class Result:
    """How many calls were made, of which operations and with which statuses, and what was wrong with their answers."""

    calls: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    operations: Counter[str] = field(default_factory=Counter)
    carried_out: Counter[str] = field(default_factory=Counter)
    wrong: dict[str, str] = field(default_factory=dict)


class Fuzz:
    """Rounds of made-up calls; those of another number are other calls."""

    def __init__(self, document: dict[str, Any], callers: Callers) -> None:
        self._callers = callers
        self._schema: BaseSchema = from_dict(document).exclude(path=ENDLESS)
        self._operations = [found.ok() for found in self._schema.get_all_operations()]
        self.result = Result()

    @property
    def operations(self) -> set[str]:
        """Every operation of the document that ends by itself."""
        return {operation.label for operation in self._operations}

    def every_operation(self, number: int, examples: int) -> None:
        """`examples` calls of each operation as the document allows, and as many as it does not."""
        for operation in self._operations:
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                self._one_operation(operation, mode, number, examples)

    def _one_operation(self, operation: Any, mode: GenerationMode, number: int, examples: int) -> None:
        @seed(number)
        @settings(self._settings(), max_examples=examples)
        @given(case=operation.as_strategy(generation_mode=mode))
        def calls(case: Case) -> None:
            self.check(case, self.send(case))

        try:
            calls()
        except Unsatisfiable:
            # An operation without parameters has nothing that could be wrong.
            if mode is GenerationMode.POSITIVE:
                raise

    def walks(self, number: int, count: int, steps: int) -> None:
        """From what was made to what can be done with it."""
        fuzz = self
        machine: Any = self._schema.as_state_machine()

        class Walk(machine):  # type: ignore[misc]
            def call(self, case: Case, **_: Any) -> Response:
                return fuzz.send(case)

            def validate_response(self, response: Response, case: Case, *_: Any, **__: Any) -> None:
                fuzz.check(case, response)

        test = seed(number)(Walk.TestCase)
        test.settings = settings(self._settings(), max_examples=count, stateful_step_count=steps)
        test().runTest()

    def send(self, case: Case) -> Response:
        path = case.operation.path
        headers = {"Authorization": f"Bearer {self._callers.token(path)}"}
        response = case.call(base_url=self._callers.url, headers=headers, timeout=60)
        self._count(case, response)
        if path.startswith(FATAL) and case.method.upper() != "GET":
            self._callers.replace_the_dead()
        return response

    def _count(self, case: Case, response: Response) -> None:
        self.result.calls += 1
        self.result.statuses[response.status_code] += 1
        self.result.operations[case.operation.label] += 1
        if response.status_code < httpx.codes.BAD_REQUEST:
            self.result.carried_out[case.operation.label] += 1
        if self.result.calls % TOLD_EVERY == 0:
            log.info("%s calls, %s kinds of wrong answers", self.result.calls, len(self.result.wrong))

    def check(self, case: Case, response: Response) -> None:
        """What is wrong is written down, the run goes on; the first of each kind is told."""
        if response.status_code == BUSY and "retry-after" in {name.lower() for name in response.headers}:
            return
        try:
            case.validate_response(response, checks=CHECKS)
        except FailureGroup as group:
            for one in group.exceptions:
                self._note(case, one, response)
        except Failure as one:
            self._note(case, one, response)

    def _note(self, case: Case, wrong: Exception, response: Response) -> None:
        kind = f"{case.operation.label} {response.status_code} {type(wrong).__name__}"
        if kind not in self.result.wrong:
            self.result.wrong[kind] = f"{wrong}\n{case.as_curl_command()}\n{response.text[:300]}"
            log.error("%s: %s", kind, self.result.wrong[kind])

    def _settings(self) -> settings:
        return settings(
            deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck),
            derandomize=False, print_blob=False,
        )  # fmt: skip
