"""Every request has an id, a span and a log line; none of them says who asked, or for what of theirs."""

import logging
import secrets
from time import monotonic

from opentelemetry.trace import Span, format_trace_id
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from governance.tracing import span
from serve_apps.telemetry import REQUEST

log = logging.getLogger("pixreunion.ingress.access")
HEADER = "X-Request-Id"
# Answers to a balancer's question, every few seconds: no line for them.
_QUIET = "/v1/health"
_UNKNOWN = "none"


class Traced:
    """ASGI middleware, the outermost. A client's own `traceparent` is not taken over: what it says is the client's."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        with span("request", method=scope["method"]) as opened:
            request, began, status = request_id(opened), monotonic(), 500

            async def named(message: Message) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = message["status"]
                    MutableHeaders(scope=message)[HEADER] = request
                await send(message)

            kept = REQUEST.set(request)
            try:
                await self.app(scope, receive, named)
            finally:
                route = route_of(scope)
                opened.set_attribute("route", route)
                opened.set_attribute("status", status)
                if route != _QUIET:
                    facts = {"method": scope["method"], "route": route, "status": status}
                    log.info("answered", extra=facts | {"ms": round(1000 * (monotonic() - began), 1)})
                REQUEST.reset(kept)


def request_id(opened: Span) -> str:
    """The trace's id, or a random one where nothing is traced."""
    context = opened.get_span_context()
    return format_trace_id(context.trace_id) if context.is_valid else secrets.token_hex(16)


def route_of(scope: Scope) -> str:
    """`/v1/artifacts/{id}`: the template, never the path, which names what is somebody's."""
    return str(getattr(scope.get("route"), "path", _UNKNOWN))
