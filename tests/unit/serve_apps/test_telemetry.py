import json
import logging
from collections.abc import Iterator

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from governance.tracing import span
from serve_apps.config import TracingSettings
from serve_apps.telemetry import LOGGERS, REQUEST, RUN, JsonLines, log_as_json, trace_to


@pytest.fixture
def untouched() -> Iterator[None]:
    """Our loggers as they were, afterwards."""
    before = {name: (list(logging.getLogger(name).handlers), logging.getLogger(name).propagate) for name in LOGGERS}
    yield
    for name, (handlers, propagate) in before.items():
        logging.getLogger(name).handlers[:] = handlers
        logging.getLogger(name).propagate = propagate


def record(message: str, *given: object, **facts: object) -> logging.LogRecord:
    made = logging.LogRecord("pixreunion.x", logging.WARNING, __file__, 1, message, given, None)
    made.__dict__.update(facts)
    return made


def test_a_line_is_an_object_with_the_request_and_the_run() -> None:
    request, run = REQUEST.set("4bf9"), RUN.set("run_1")
    try:
        line = json.loads(JsonLines().format(record("%d pictures", 2, route="/v1/models/{id}", status=200)))
    finally:
        REQUEST.reset(request)
        RUN.reset(run)
    assert line.pop("at").endswith("+00:00")
    assert line == {
        "level": "warning", "logger": "pixreunion.x", "message": "2 pictures", "request": "4bf9", "run": "run_1",
        "route": "/v1/models/{id}", "status": 200,
    }  # fmt: skip


def test_of_an_error_the_kind_alone_is_told() -> None:
    made = record("it failed")
    try:
        raise ValueError("Ada's secret")
    except ValueError as error:
        made.exc_info = (ValueError, error, error.__traceback__)
    line = JsonLines().format(made)
    assert json.loads(line)["error"] == "ValueError"
    assert "secret" not in line


@pytest.mark.usefixtures("untouched")
def test_logging_is_set_up_once(capsys: pytest.CaptureFixture[str]) -> None:
    log_as_json()
    log_as_json()
    logging.getLogger("pixreunion.somewhere").info("once")
    assert [json.loads(line)["message"] for line in capsys.readouterr().err.splitlines()] == ["once"]


def test_spans_go_where_the_settings_say_and_the_last_of_them_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trace, "set_tracer_provider", lambda made: monkeypatch.setattr(trace, "_TRACER_PROVIDER", made))
    kept = InMemorySpanExporter()
    end = trace_to(TracingSettings(), "ingress", kept)
    with span("request"):
        pass
    sent: list[str] = []
    monkeypatch.setattr(kept, "shutdown", lambda: sent.extend(each.name for each in kept.get_finished_spans()))
    end()
    assert sent == ["request"]


def test_without_an_endpoint_nothing_is_traced() -> None:
    before = trace.get_tracer_provider()
    trace_to(TracingSettings(), "ingress")()
    assert trace.get_tracer_provider() is before
