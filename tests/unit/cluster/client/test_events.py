"""Events are followed across connections that break, and refusals come as themselves."""

import json

import httpx
import pytest

from cluster.client import events
from cluster.client.errors import ApiError
from cluster.client.events import EventsApi
from serve_apps.ingress.schemas.events import EXAMPLE


def event(number: int) -> bytes:
    told = {
        "object": "event", "id": f"evt_{number}", "number": number, "type": "training.progress",
        "timestamp": "2026-01-31T12:00:00Z", "data": EXAMPLE,
    }  # fmt: skip
    return f"id: {number}\nevent: training.progress\ndata: {json.dumps(told)}\n\n".encode()


class Service:
    """Streams that end: one list of events for each connection."""

    def __init__(self, *streams: list[int] | httpx.TransportError | httpx.Response) -> None:
        self._streams, self.asked = list(streams), list[str | None]()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.headers.get("Last-Event-ID"))
        stream = self._streams.pop(0)
        if isinstance(stream, httpx.TransportError):
            raise stream
        if isinstance(stream, httpx.Response):
            return stream
        return httpx.Response(200, content=b": still here\n\n" + b"".join(map(event, stream)))


def client(service: Service) -> EventsApi:
    return EventsApi("http://service.test", "pxr_1", transport=httpx.MockTransport(service))


def test_a_broken_connection_is_taken_up_after_the_last_event(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "REST_S", 0.0)
    service = Service([3, 4], httpx.ReadError("broken"), [7])
    following = client(service).follow(after=2)
    assert [next(following).number for _ in range(3)] == [3, 4, 7]
    assert service.asked == ["2", "4", "4"]


def test_without_a_number_it_begins_now() -> None:
    service = Service([9])
    assert next(client(service).follow()).number == 9
    assert service.asked == [None]


def test_a_refusal_ends_it() -> None:
    gone = httpx.Response(410, json={"code": "gone", "detail": "this account was erased"})
    with pytest.raises(ApiError) as refusal:
        next(client(Service(gone)).follow())
    assert refusal.value.code == "gone"
