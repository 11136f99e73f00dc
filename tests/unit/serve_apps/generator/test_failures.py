"""What the engine's and governance's errors become."""

import pytest

from governance.errors import Frozen, Gone, Unavailable
from serve_apps.engine.errors import AdapterDropped, AdapterUnavailable, EngineClosed, EngineFull, InvalidRequest
from serve_apps.generator.errors import GenerationFailed
from serve_apps.generator.failures import DRAINING_RETRY_S, failure_of


def unavailable(cause: Exception) -> AdapterUnavailable:
    error = AdapterUnavailable("the adapter could not be loaded")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "code", "retry_after_s"),
    [
        (EngineFull("full", 4.0), "busy", 4.0),
        (EngineClosed("closed"), "draining", DRAINING_RETRY_S),
        (AdapterDropped("dropped"), "gone", None),
        (Gone(), "gone", None),
        (unavailable(Gone()), "gone", None),
        (unavailable(Frozen()), "frozen", None),
        (unavailable(ValueError("rank 900")), "model_unavailable", None),
        (InvalidRequest("steps must be from 1 to 9"), "invalid_request", None),
        (KeyError("somebody's name"), "generation_failed", None),
    ],
)
def test_each_error_has_a_stable_code(error: Exception, code: str, retry_after_s: float | None) -> None:
    failure = failure_of(error)
    assert (failure.code, failure.retry_after_s) == (code, retry_after_s)


def test_storage_that_cannot_be_reached_is_worth_another_try() -> None:
    error = Unavailable()
    failure = failure_of(unavailable(error))
    assert (failure.code, failure.retry_after_s) == ("busy", error.retry_after_s)


def test_only_what_the_caller_asked_is_repeated() -> None:
    assert failure_of(InvalidRequest("steps must be from 1 to 9")).detail == "steps must be from 1 to 9"
    assert "name" not in str(failure_of(KeyError("somebody's name")))
    assert "900" not in str(failure_of(unavailable(ValueError("rank 900"))))


def test_a_failure_stays_what_it_is() -> None:
    failure = GenerationFailed("busy", "later", 1.0)
    assert failure_of(failure) is failure
