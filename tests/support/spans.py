"""Spans kept in memory."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter


@contextmanager
def kept_spans() -> Iterator[InMemorySpanExporter]:
    """For the length of the block every span of this process is kept. OpenTelemetry has one provider for a process and
    takes no second one, so its own variable is set and set back."""
    kept = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trace, "_TRACER_PROVIDER", provider)
        yield kept
    provider.shutdown()


def named(kept: InMemorySpanExporter, name: str) -> ReadableSpan:
    """The only one of this name."""
    (found,) = [span for span in kept.get_finished_spans() if span.name == name]
    return found


def parents(kept: InMemorySpanExporter) -> Mapping[str, str]:
    """Name of each span's parent, by its own; empty for a root."""
    spans = kept.get_finished_spans()
    names = {span.context.span_id: span.name for span in spans if span.context}
    return {span.name: names.get(span.parent.span_id, "elsewhere") if span.parent else "" for span in spans}
