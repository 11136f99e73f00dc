"""What the ingress refuses, each with an HTTP status and a code that never changes.

ApiError
├── Unauthorized        401  no token, or not one that is valid
├── Forbidden           403  the token lacks a scope
├── NotReady            404  it will be there later; try again
├── Invalid             422  the request cannot be carried out as it is
├── TooLarge            413  more bytes than are taken
├── Taken               409  an account with this e-mail address exists
├── Underage            403  not for anyone under 16
├── ClientGone          499  the connection was closed before the answer
├── TooManyAttempts     429  slow down
└── Busy                503  no capacity at the moment; try again

Errors of governance and of the generator are translated in `problems.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Complaint:
    """One thing that is wrong: where, a stable code, and what to do about it."""

    field: str
    code: str
    detail: str


class ApiError(Exception):
    """The request was refused."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "bad_request"

    def __init__(
        self,
        detail: str | None = None,
        *,
        code: str | None = None,
        param: str | None = None,
        complaints: Sequence[Complaint] = (),
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(detail or type(self).__doc__)
        self.detail = str(self.args[0])
        self.stable_code = code or self.code
        self.param = param
        self.complaints = tuple(complaints)
        self.retry_after_s = retry_after_s


class Unauthorized(ApiError):
    """A valid bearer token is needed: sign in at POST /v1/sessions."""

    status = 401
    code = "unauthorized"


class Forbidden(ApiError):
    """This token may not do that."""

    status = 403
    code = "forbidden"


class Underage(ApiError):
    """The service is not for anyone under 16."""

    status = 403
    code = "under_minimum_age"


class Taken(ApiError):
    """An account with this e-mail address exists already."""

    status = 409
    code = "email_taken"


class NotReady(ApiError):
    """This is not there yet; try again."""

    status = 404
    code = "not_ready"


class ClientGone(ApiError):
    """The client closed the connection before the answer."""

    status = 499
    code = "canceled"


class TooLarge(ApiError):
    """The request has more bytes than are accepted."""

    status = 413
    code = "too_large"


class Invalid(ApiError):
    """The request cannot be carried out as it is."""

    status = 422
    code = "invalid_request"


class TooManyAttempts(ApiError):
    """Too many attempts; wait a little."""

    status = 429
    code = "rate_limited"


class Busy(ApiError):
    """There is no capacity at the moment; try again."""

    status = 503
    code = "busy"
