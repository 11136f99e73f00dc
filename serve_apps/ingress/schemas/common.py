"""The parts that every schema shares."""

from datetime import datetime
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

T = TypeVar("T")


def _strip(given: object) -> object:
    return given.strip() if isinstance(given, str) else given


Stripped = BeforeValidator(_strip)
"""Without the white space around it. pydantic's own stripping keeps the result in a cache for as long as the process
lives; FastAPI's validators ignore the setting of `Body` that forbids it."""


class Body(BaseModel):
    """A request: unknown fields are refused, validation errors do not repeat what was sent, and the validator keeps
    no copy of a text (it would cache short ones for as long as the process lives)."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, frozen=True, cache_strings="none")


class Answer(BaseModel):
    """A response."""

    model_config = ConfigDict(frozen=True, cache_strings="none")


class ListOf(Answer, Generic[T]):
    """One page: give `next` as `after` to go on; null means the end."""

    object: str = "list"
    data: list[T]
    next: str | None = None


class ProblemComplaint(Answer):
    field: str
    code: str
    detail: str


class ProblemDocument(Answer):
    """application/problem+json (RFC 9457); `code` never changes its meaning."""

    type: str = Field(examples=["urn:pixreunion:problem:not_found"])
    title: str = Field(examples=["Not Found"])
    status: int = Field(examples=[404])
    code: str = Field(examples=["not_found"])
    detail: str = Field(examples=["There is nothing with this id that you may see."])
    errors: list[ProblemComplaint] = []


class OpenAIErrorDetail(Answer):
    message: str
    type: str = Field(examples=["invalid_request_error"])
    param: str | None
    code: str


class OpenAIError(Answer):
    """OpenAI's error shape, used on `/v1/images/*`."""

    error: OpenAIErrorDetail


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses=` of a route that can refuse with these statuses; 401, 410, 422 and 503 go with every one."""
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}}
    descriptions = {
        400: "Bad request", 401: "No valid token", 402: "Not enough credits", 403: "Not allowed",
        404: "Nothing there that you may see",
        409: "Conflict", 410: "Erased or expired", 413: "Too large", 422: "Not valid", 429: "Too many attempts",
        503: "Try again after `Retry-After` seconds",
    }  # fmt: skip
    every = (400, 401, 403, 410, 422, 503, *statuses)
    return {status: {"description": descriptions[status], "content": content} for status in sorted(set(every))}


def timestamp(moment: datetime | None) -> int | None:
    """Seconds since 1970, as OpenAI's schemas give times."""
    return None if moment is None else int(moment.timestamp())
