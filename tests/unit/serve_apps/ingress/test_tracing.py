import logging
from typing import Any

import httpx
import pytest

from tests.integration.waiting import until
from tests.support.spans import kept_spans, named, parents


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, logger="pixreunion.ingress.access")
    return caplog


def lines(told: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [each.__dict__ for each in told.records if each.name == "pixreunion.ingress.access"]


def test_a_request_has_an_id_and_a_line_without_what_is_somebodys(
    house: Any, person: Any, told: pytest.LogCaptureFixture
) -> None:
    answer = person.http.get("/v1/artifacts/art_" + "0" * 32)
    until(lambda: bool(lines(told)))  # The line is written after the answer has left.
    (line,) = lines(told)
    assert (line["method"], line["route"], line["status"]) == ("GET", "/v1/artifacts/{artifact_id}", 404)
    assert line["ms"] > 0
    assert len(answer.headers["X-Request-Id"]) == 32
    assert "art_0" not in str(line)


def test_health_is_asked_for_too_often_to_be_told(house: Any, told: pytest.LogCaptureFixture) -> None:
    assert len(httpx.get(f"{house.url}/v1/health", trust_env=False).headers["X-Request-Id"]) == 32
    httpx.get(f"{house.url}/nowhere", trust_env=False)
    until(lambda: bool(lines(told)))
    assert [line["route"] for line in lines(told)] == ["none"]


def test_a_picture_is_one_trace_from_the_request_to_the_gate(house: Any, person: Any) -> None:
    body = {"prompt": "somebody's own words", "n": 1, "size": "16x16", "response_format": "b64_json"}
    with kept_spans() as kept:
        answer = person.http.post("/v1/images/generations", json=body)
    assert answer.status_code == 200
    above = parents(kept)
    assert (above["generate"], above["store"], above["gate.write.image"]) == ("request", "request", "store")
    assert above["gate.write.prompt"] == "request"
    whole = named(kept, "request")
    assert whole.context is not None
    assert f"{whole.context.trace_id:032x}" == answer.headers["X-Request-Id"]
    assert {span.context.trace_id for span in kept.get_finished_spans() if span.context} == {whole.context.trace_id}
    everything = " ".join(span.to_json() for span in kept.get_finished_spans())
    assert "words" not in everything
    assert "sub_" not in everything
