"""Bounds what one request may make this process keep in memory. Photo forms have a bound of their own."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serve_apps.ingress.errors import TooLarge
from serve_apps.ingress.problems import answer, problem_of

MAX_BODY = 1_000_000
FORM = b"multipart/form-data"


class BodyLimit:
    """ASGI middleware: bodies other than forms have at most `MAX_BODY` bytes, told or not."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or _header(scope, b"content-type").startswith(FORM):
            await self.app(scope, receive, send)
            return
        body = await _whole(receive)
        if body is None:
            refusal = problem_of(TooLarge(f"a request has at most {MAX_BODY} bytes"))
            await answer(scope["path"], refusal)(scope, receive, send)
            return
        await self.app(scope, _replay(body, receive), send)


async def _whole(receive: Receive) -> bytearray | None:
    """The body, None when it is too large or its client went away."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if len(body) > MAX_BODY:
            return None
        if not message.get("more_body", False):
            return body


def _replay(body: bytearray, receive: Receive) -> Receive:
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": bytes(body), "more_body": False}

    return again


def _header(scope: Scope, name: bytes) -> bytes:
    return next((value for key, value in scope["headers"] if key == name), b"")
