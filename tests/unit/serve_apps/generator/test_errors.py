"""Codes and their HTTP status."""

import pickle

import pytest

from serve_apps.generator import errors
from serve_apps.generator.errors import STATUS, GenerationFailed
from serve_apps.generator.failures import MEANINGS


def test_every_code_has_a_status_and_is_described() -> None:
    assert {code for _, code, _ in MEANINGS} | {"generation_failed", "invalid_request"} == set(STATUS)
    described = dict(line.split()[:2] for line in str(errors.__doc__).splitlines()[3:] if line.strip())
    assert described == {code: str(status) for code, status in STATUS.items()}


def test_a_failure_crosses_processes_whole() -> None:
    failed = pickle.loads(pickle.dumps(GenerationFailed("busy", "try again", 3.0)))
    assert (failed.code, failed.detail, failed.retry_after_s, failed.status) == ("busy", "try again", 3.0, 503)
    assert str(failed) == "busy: try again"


@pytest.mark.parametrize(("code", "status"), [("gone", 410), ("never heard of", 500)])
def test_an_unknown_code_is_our_fault(code: str, status: int) -> None:
    assert GenerationFailed(code, "").status == status
