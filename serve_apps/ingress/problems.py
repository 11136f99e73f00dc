"""Turns every error into an answer: problem+json (RFC 9457) with a stable `code`, OpenAI's shape on `/v1/images/*`.

Answers never repeat what was sent, and logs name the kind of an error and its place, never its contents (I5).
"""

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from traceback import extract_tb
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from governance.errors import (
    Conflict,
    Fenced,
    Gone,
    GovernanceError,
    KeyUnavailable,
    LeaseLost,
    NotFound,
    Refused,
    Tampered,
    Unavailable,
    Unpaid,
)
from serve_apps.generator.errors import GenerationFailed
from serve_apps.ingress.errors import ApiError, Complaint

log = logging.getLogger("pixreunion.ingress")

OPENAI_PATHS = "/v1/images/"
CLIENT_CLOSED = 499
PROBLEM_JSON = "application/problem+json"

GOVERNANCE_STATUS: tuple[tuple[type[GovernanceError], int], ...] = (
    (NotFound, 404),
    (Gone, 410),
    (Refused, 403),
    (Unpaid, 402),
    (Fenced, 409),
    (Conflict, 409),
    (LeaseLost, 503),
    (KeyUnavailable, 503),
    (Unavailable, 503),
    (Tampered, 500),
)

HTTP_CODES = {404: "not_found", 405: "method_not_allowed", 400: "bad_request", 413: "too_large"}


@dataclass(frozen=True, slots=True)
class Problem:
    """One refused request."""

    status: int
    code: str
    detail: str
    complaints: Sequence[Complaint] = ()
    param: str | None = None
    retry_after_s: float | None = None


def problem_of(error: Exception) -> Problem:
    """What the client is told about an error; the unforeseen is told as little as possible."""
    match error:
        case ApiError():
            return Problem(
                error.status, error.stable_code, error.detail, error.complaints, error.param, error.retry_after_s
            )
        case GovernanceError():
            return _governance_problem(error)
        case GenerationFailed():
            return Problem(error.status, error.code, error.detail, retry_after_s=error.retry_after_s)
        case RequestValidationError():
            complaints = [_complaint(each) for each in error.errors()]
            param = complaints[0].field.removeprefix("body.") if complaints else None
            detail = "; ".join(f"{each.field}: {each.detail}" for each in complaints)
            return Problem(422, "invalid_request", detail or "the request is not valid", complaints, param)
        case HTTPException():
            return Problem(error.status_code, HTTP_CODES.get(error.status_code, "http_error"), str(error.detail))
        case _:
            return Problem(500, "internal_error", "something went wrong here; it was noted")


def answer(path: str, problem: Problem, headers: dict[str, str] | None = None) -> Response:
    """The response, in the shape that belongs to the path."""
    headers = dict(headers or {})
    if problem.retry_after_s is not None:
        headers["Retry-After"] = str(max(1, math.ceil(problem.retry_after_s)))
    if problem.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    if path.startswith(OPENAI_PATHS):
        return JSONResponse(_openai_body(problem), problem.status, headers)
    return JSONResponse(_problem_body(problem), problem.status, headers, media_type=PROBLEM_JSON)


def error_body(path: str, error: Exception) -> str:
    """The same as one line of JSON, for streams that have begun already."""
    return bytes(answer(path, problem_of(error)).body).decode()


def install(app: FastAPI) -> None:
    """Every error that a route raises is answered here."""
    for kind in (ApiError, GovernanceError, GenerationFailed, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, _handle)
    app.add_middleware(LastResort)


class LastResort:
    """Answers 500 for what nobody foresaw. The framework's own would hand the error on to the server, which would
    log its message and traceback; those may quote personal data."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except Exception as error:  # noqa: BLE001 - the outermost boundary
            log.error("unforeseen %s at %s", type(error).__name__, _place(error))
            if scope["type"] == "http" and not started:
                await answer(scope["path"], problem_of(error))(scope, receive, send)


async def _handle(request: Request, error: Exception) -> Response:
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    return answer(request.url.path, problem_of(error), headers)


def _governance_problem(error: GovernanceError) -> Problem:
    status = next((status for kind, status in GOVERNANCE_STATUS if isinstance(error, kind)), 500)
    wait = error.retry_after_s if isinstance(error, Unavailable) else 1.0 if status == 503 else None
    return Problem(status, error.code, str(error), retry_after_s=wait)


def _complaint(raw: Any) -> Complaint:
    return Complaint(".".join(str(part) for part in raw["loc"]), raw["type"], raw["msg"])


def _problem_body(problem: Problem) -> dict[str, Any]:
    body: dict[str, Any] = {
        "type": f"urn:pixreunion:problem:{problem.code}",
        "title": _title(problem.status),
        "status": problem.status,
        "code": problem.code,
        "detail": problem.detail,
    }
    if problem.complaints:
        body["errors"] = [{"field": c.field, "code": c.code, "detail": c.detail} for c in problem.complaints]
    return body


def _title(status: int) -> str:
    return "Client Closed Request" if status == CLIENT_CLOSED else HTTPStatus(status).phrase


def _openai_body(problem: Problem) -> dict[str, Any]:
    kinds = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
    kind = "server_error" if problem.status >= 500 else kinds.get(problem.status, "invalid_request_error")
    return {
        "error": {"message": problem.detail, "type": kind, "param": problem.param, "code": problem.code},
    }


def _place(error: Exception) -> str:
    frames = extract_tb(error.__traceback__)
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "an unknown place"
