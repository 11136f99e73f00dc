from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from governance.tracing import begin, fail, here, span, step
from tests.support.spans import kept_spans, named, parents


@pytest.fixture
def kept() -> Iterator[InMemorySpanExporter]:
    with kept_spans() as spans:
        yield spans


def test_a_span_of_another_process_is_the_parent(kept: InMemorySpanExporter) -> None:
    with span("request"):
        travels = here()
    whole = begin("generate", travels, pictures=2)
    with span("store", travels):
        pass
    whole.end()
    assert parents(kept) == {"request": "", "generate": "request", "store": "request"}
    assert dict(named(kept, "generate").attributes or {}) == {"pictures": 2}


def test_a_step_is_part_of_a_request_and_alone_it_is_nothing(kept: InMemorySpanExporter) -> None:
    with step("gate.write.photo"):
        pass
    with span("request"), step("gate.write.photo"):
        pass
    assert parents(kept) == {"request": "", "gate.write.photo": "request"}


def test_of_an_error_only_its_kind_is_kept(kept: InMemorySpanExporter) -> None:
    with pytest.raises(ValueError, match="Ada"), span("request"):
        raise ValueError("Ada Example, ada@example.org")
    failed = named(kept, "request")
    assert failed.status.status_code is StatusCode.ERROR
    assert dict(failed.attributes or {}) == {"error.type": "ValueError"}
    assert "Ada" not in failed.to_json()


def test_a_begun_span_fails_by_kind_too(kept: InMemorySpanExporter) -> None:
    whole = begin("generate")
    fail(whole, TimeoutError("somebody's words"))
    whole.end()
    assert "words" not in named(kept, "generate").to_json()


def test_without_a_set_up_nothing_travels() -> None:
    with span("request"), step("inner"):
        assert here() == ""
