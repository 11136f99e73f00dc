"""Spans over what is done for a request, with OpenTelemetry's interface alone; where they go is set up by who serves.

    ingress request ─▶ order ─▶ generate ─▶ store ─▶ gate.write ─▶ governance.register, governance.commit

A span's facts are kinds, counts, and ids of runs; never a person's, a prompt, a path or what an error said. Without a
set-up spans cost nothing and lead nowhere.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.propagate import extract, inject
from opentelemetry.trace import Span, Status, StatusCode

Fact = str | int | float | bool

_NAME = "pixreunion"
_HEADER = "traceparent"


@contextmanager
def span(name: str, parent: str = "", **facts: Fact) -> Iterator[Span]:
    """The block as a span, below `parent` (a `here()` of another process) or the one that is current. An error ends it
    by its kind alone: its words may be somebody's."""
    tracer = trace.get_tracer(_NAME)
    with tracer.start_as_current_span(
        name, _context(parent), attributes=facts, record_exception=False, set_status_on_exception=False
    ) as opened:
        try:
            yield opened
        except BaseException as error:
            fail(opened, error)
            raise


@contextmanager
def step(name: str) -> Iterator[None]:
    """A span below the current one, and none where there is none: what a process does by itself is no request's."""
    if not trace.get_current_span().get_span_context().is_valid:
        yield
        return
    with span(name):
        yield


def begin(name: str, parent: str = "", **facts: Fact) -> Span:
    """A span that is nobody's current one; its caller ends it. For what is not one block, as a generator's life."""
    return trace.get_tracer(_NAME).start_span(name, _context(parent), attributes=facts)


def fail(span: Span, error: BaseException) -> None:
    """Marks it as failed, by the kind of the error."""
    span.set_status(Status(StatusCode.ERROR))
    span.set_attribute("error.type", type(error).__name__)


def here() -> str:
    """The current span in the form that travels (W3C `traceparent`); empty without one."""
    carrier: dict[str, str] = {}
    inject(carrier)
    return carrier.get(_HEADER, "")


def _context(parent: str) -> Context | None:
    return extract({_HEADER: parent}) if parent else None
