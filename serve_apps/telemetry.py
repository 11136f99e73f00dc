"""Where spans and log lines of a replica go: an OpenTelemetry collector, and JSON lines on standard error.

Log lines carry `request` (the id that the answer's `X-Request-Id` has, and the trace's) and `run`, so that one request
can be followed over processes. No line and no span has a person's id, a path, or a word that somebody wrote.
"""

import json
import logging
import sys
from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, datetime

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

from serve_apps.config import TracingSettings

REQUEST: ContextVar[str] = ContextVar("request", default="")
RUN: ContextVar[str] = ContextVar("run", default="")
LOGGERS = ("pixreunion", "governance", "serve_apps", "training")
_FACTS = ("method", "route", "status", "ms")


class JsonLines(logging.Formatter):
    """One object a line. Tracebacks are left out: they quote what was being worked on."""

    def format(self, record: logging.LogRecord) -> str:
        told: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        told |= {name: value.get() for name, value in (("request", REQUEST), ("run", RUN)) if value.get()}
        told |= {name: record.__dict__[name] for name in _FACTS if name in record.__dict__}
        if record.exc_info and record.exc_info[0]:
            told["error"] = record.exc_info[0].__name__
        return json.dumps(told)


def log_as_json() -> None:
    """Our loggers, in this process, from now on; repeated calls change nothing."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    for name in LOGGERS:
        logger = logging.getLogger(name)
        if not any(isinstance(each.formatter, JsonLines) for each in logger.handlers):
            logger.addHandler(handler)
            logger.setLevel(logging.INFO)
            logger.propagate = False


def trace_to(settings: TracingSettings, part: str, exporter: SpanExporter | None = None) -> Callable[[], None]:
    """Spans of this process go to the collector, `part` being its name there. Returns what sends the last of them; it
    blocks for a moment. Without an endpoint nothing is done."""
    if settings.endpoint is None and exporter is None:
        return lambda: None
    provider = TracerProvider(
        sampler=ParentBased(TraceIdRatioBased(settings.share)),
        resource=Resource.create({"service.name": f"pixreunion-{part}"}),
    )
    provider.add_span_processor(BatchSpanProcessor(exporter or OTLPSpanExporter(endpoint=settings.endpoint)))
    trace.set_tracer_provider(provider)
    return provider.shutdown
