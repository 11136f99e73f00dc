"""What the service can answer instead of what was asked.

ClusterError
├── Unreachable     nobody answers there
├── NotSignedIn     a command needs a token and there is none
└── ApiError        the service refused; `status` and the stable `code` say why
"""

from cluster.errors import ClusterError


class Unreachable(ClusterError):
    """Nobody answers at this address."""


class NotSignedIn(ClusterError):
    """There is no token for this service."""


class ApiError(ClusterError):
    """The service refused. `code` is stable; `detail` is for people."""

    def __init__(self, status: int, code: str, detail: str, complaints: tuple[str, ...] = ()) -> None:
        # Some details repeat every complaint; then the complaints alone are the better answer.
        told = detail.split(": ", 1)[0] if complaints and complaints[0].split(": ", 1)[-1] in detail else detail
        super().__init__(told, "; ".join(complaints) or f"(HTTP {status}, {code})")
        self.status = status
        self.code = code
        self.detail = detail
        self.complaints = complaints
