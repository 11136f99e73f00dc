"""Errors as answers."""

import json
import logging

import httpx
import pytest
from fastapi import FastAPI

from governance.errors import Conflict, Fenced, Frozen, Gone, GovernanceError, NotFound, Refused, Tampered, Unavailable
from serve_apps.generator.errors import STATUS, GenerationFailed
from serve_apps.ingress import problems
from serve_apps.ingress.errors import ApiError, Complaint, Invalid, TooManyAttempts, Unauthorized

SECRET = "ada@example.org"


def app_raising(error: Exception) -> FastAPI:
    app = FastAPI()

    async def fail() -> None:
        raise error

    app.add_api_route("/v1/thing", fail)
    app.add_api_route("/v1/images/thing", fail)
    problems.install(app)
    return app


async def ask(error: Exception, path: str = "/v1/thing", method: str = "GET") -> httpx.Response:
    transport = httpx.ASGITransport(app_raising(error))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        return await client.request(method, path)


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (NotFound(), 404, "not_found"),
        (Gone(), 410, "gone"),
        (Refused(), 403, "refused"),
        (Frozen(), 403, "frozen"),
        (Fenced(), 409, "fenced"),
        (Conflict(), 409, "conflict"),
        (Tampered(), 500, "tampered"),
        (Unavailable(retry_after_s=2.5), 503, "unavailable"),
        (Unauthorized(), 401, "unauthorized"),
        (TooManyAttempts(retry_after_s=0.2), 429, "rate_limited"),
        (GenerationFailed("busy", "full", 7.0), 503, "busy"),
    ],
)
async def test_each_error_has_its_status_and_code(error: Exception, status: int, code: str) -> None:
    answer = await ask(error)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert (body["status"], body["code"], body["type"]) == (status, code, f"urn:pixreunion:problem:{code}")


async def test_waits_are_whole_seconds_and_at_least_one() -> None:
    assert (await ask(Unavailable(retry_after_s=2.5))).headers["retry-after"] == "3"
    assert (await ask(TooManyAttempts(retry_after_s=0.2))).headers["retry-after"] == "1"
    assert "retry-after" not in (await ask(NotFound())).headers


async def test_images_answer_in_openais_shape() -> None:
    answer = await ask(Invalid("`n` is at most 4", code="invalid_parameter", param="n"), "/v1/images/thing")
    assert answer.json() == {
        "error": {
            "message": "`n` is at most 4",
            "type": "invalid_request_error",
            "param": "n",
            "code": "invalid_parameter",
        }
    }
    assert (await ask(Unavailable(), "/v1/images/thing")).json()["error"]["type"] == "server_error"


async def test_complaints_are_listed() -> None:
    answer = await ask(Invalid(complaints=[Complaint("photos[1]", "photo_empty", "no bytes")]))
    assert answer.json()["errors"] == [{"field": "photos[1]", "code": "photo_empty", "detail": "no bytes"}]


async def test_the_unforeseen_is_neither_told_nor_logged_in_full(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        answer = await ask(RuntimeError(SECRET))
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert SECRET not in answer.text
    assert "RuntimeError" in caplog.text
    assert SECRET not in caplog.text


async def test_unknown_routes_and_methods_are_problems_too() -> None:
    assert (await ask(NotFound(), "/nowhere")).json()["code"] == "not_found"
    wrong = await ask(NotFound(), method="POST")
    assert (wrong.status_code, wrong.json()["code"], wrong.headers["allow"]) == (405, "method_not_allowed", "GET")


def test_every_known_error_has_a_status_of_its_own() -> None:
    def below(kind: type[Exception]) -> set[type[Exception]]:
        return {kind} | {each for child in kind.__subclasses__() for each in below(child)}

    for kind in below(ApiError) - {ApiError}:
        assert 400 <= problems.problem_of(kind()).status < 600
        assert problems.problem_of(kind()).detail
    for kind in below(GovernanceError) - {GovernanceError}:
        assert problems.problem_of(kind()).status != 200
    for code, status in STATUS.items():
        assert problems.problem_of(GenerationFailed(code, "x")).status == status


def test_a_streams_error_is_one_line_of_json() -> None:
    text = problems.error_body("/v1/images/generations", Gone())
    assert "\n" not in text
    assert json.loads(text)["error"]["code"] == "gone"
