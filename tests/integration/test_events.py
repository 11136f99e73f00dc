"""Events over HTTP: the list, the stream that is taken up again, and webhooks."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from typing import Any
from uuid import uuid4

import pytest
from standardwebhooks import Webhook as Receiver

from tests.integration.house import House
from tests.integration.people import Person
from tests.integration.waiting import until


def types(person: Person, **given: Any) -> list[str]:
    return [one["type"] for one in person.http.get("/v1/events", params=given).json()["data"]]


def read(person: Person, count: int, **headers: str) -> list[dict[str, Any]]:
    """That many events of the stream; then the connection is closed."""
    found: list[dict[str, Any]] = []
    with person.http.stream("GET", "/v1/events/stream", headers=headers) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        block: dict[str, str] = {}
        for line in answer.iter_lines():
            if line and not line.startswith(":"):
                name, _, value = line.partition(": ")
                block[name] = value
            elif block:
                event = json.loads(block["data"])
                assert (block["event"], block["id"]) == (event["type"], str(event["number"]))
                found.append(event)
                block = {}
            if len(found) == count:
                break
    return found


def test_a_training_is_followed_and_taken_up_again(person: Person) -> None:
    """A connection that breaks costs nothing: `Last-Event-ID` brings everything after it, in order, once."""
    model = person.train()
    whole = until(lambda: seen if (seen := types(person))[-1:] == ["training.succeeded"] else None)
    assert whole == ["training.queued", "training.started", "training.succeeded"]
    first = read(person, 1, **{"Last-Event-ID": "0"})
    rest = read(person, 2, **{"Last-Event-ID": str(first[0]["number"])})
    assert [one["type"] for one in first + rest] == whole
    assert rest[-1]["data"]["model"] == model
    training = rest[-1]["data"]["training"]
    assert types(person, about=training) == whole
    assert types(person, after=first[0]["number"]) == whole[1:]
    page = person.http.get("/v1/events", params={"limit": 2}).json()
    assert (len(page["data"]), page["next"]) == (2, rest[0]["number"])


def test_a_stream_without_a_number_begins_now(person: Person) -> None:
    person.upload(1)
    seen: Queue[list[dict[str, Any]]] = Queue()
    reader = threading.Thread(target=lambda: seen.put(read(person, 1)))
    reader.start()
    made = until(lambda: _until_seen(person, seen))
    reader.join(30)
    assert made[0]["type"] == "picture.created"


def _until_seen(person: Person, seen: "Queue[list[dict[str, Any]]]") -> list[dict[str, Any]] | None:
    """The stream may not be open yet: pictures are made until it shows one."""
    assert person.picture(response_format="url").status_code == 200
    return None if seen.empty() else seen.get()


def test_an_erasure_is_told_with_its_artifact_and_is_nobody_elses(person: Person, stranger: Person) -> None:
    [photo] = person.upload(1)
    request = person.http.delete(f"/v1/artifacts/{photo}").json()["id"]
    until(lambda: "request.answered" in types(person, about=request))
    assert types(person, about=photo) == ["artifact.erased"]
    assert types(stranger) == []
    assert types(stranger, about=photo) == []


@pytest.mark.parametrize("last", ["-1", "x", "1.5", "9" * 30])
def test_a_number_that_is_none_is_refused(person: Person, last: str) -> None:
    answer = person.http.get("/v1/events/stream", headers={"Last-Event-ID": last})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_cursor")
    assert person.http.get("/v1/events", params={"about": last}).json()["code"] == "invalid_id"


class Receiving(ThreadingHTTPServer):
    """Somebody's server. `answers` are the statuses it gives in turn, the last one again and again."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.answers = [204]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook"

    def told(self) -> list[str]:
        return [json.loads(body)["type"] for _, body in self.got]


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        server = self.server
        assert isinstance(server, Receiving)
        body = self.rfile.read(int(self.headers["content-length"]))
        server.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
        self.send_response(server.answers.pop(0) if len(server.answers) > 1 else server.answers[0])
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def receiving() -> Iterator[Receiving]:
    server = Receiving()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()


def hooked(person: Person, url: str, **body: Any) -> dict[str, Any]:
    answer = person.http.post("/v1/webhooks", json={"url": url, **body})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def test_events_are_sent_signed_and_once(person: Person, stranger: Person) -> None:
    with receiving() as server:
        made = hooked(person, server.url, types=["picture.created", "training.succeeded"])
        assert person.picture(response_format="url").status_code == 200
        assert stranger.picture(response_format="url").status_code == 200
        until(lambda: server.got)
        headers, body = server.got[0]
        told = Receiver(made["secret"]).verify(body, headers)
        assert told["type"] == "picture.created"
        [event] = [one for one in person.http.get("/v1/events").json()["data"] if one["type"] == "picture.created"]
        assert (headers["webhook-id"], told["data"]) == (event["id"], event["data"])
        [delivery] = until(lambda: _ended(person, made["id"]))
        assert (delivery["event"], delivery["state"], delivery["status"]) == (event["id"], "delivered", 204)
        assert person.http.post(f"/v1/webhooks/{made['id']}/deliveries/{event['id']}/redelivery").status_code == 202
        until(lambda: len(server.got) == 2)
        assert server.got[1][0]["webhook-id"] == headers["webhook-id"]
        assert server.told() == ["picture.created"] * 2


def _ended(person: Person, webhook: str) -> list[dict[str, Any]]:
    found = person.http.get(f"/v1/webhooks/{webhook}/deliveries").json()["data"]
    return [one for one in found if one["state"] != "pending"]


def test_an_answer_410_disables_and_a_failure_is_tried_again(person: Person) -> None:
    with receiving() as server:
        server.answers = [500, 410]
        made = hooked(person, server.url)
        path = f"/v1/webhooks/{made['id']}"
        assert person.http.post(f"{path}/test").status_code == 202
        until(lambda: _shown(person, path)["disabled_because"] == "gone", within_s=60)
        assert server.told() == ["webhook.test"] * 2, "the first answer was 500"
        assert _shown(person, path)["enabled"] is False
        assert person.http.patch(path, json={"enabled": True}).json()["enabled"] is True


def _shown(person: Person, path: str) -> dict[str, Any]:
    found: dict[str, Any] = person.http.get(path).json()
    return found


def test_a_new_secret_and_a_new_address(person: Person) -> None:
    with receiving() as server:
        made = hooked(person, "http://127.0.0.1:1/nobody")
        path = f"/v1/webhooks/{made['id']}"
        changed = person.http.patch(path, json={"url": server.url, "types": ["webhook.test"]}).json()
        assert (changed["url"], changed["types"], changed["secret"]) == (server.url, ["webhook.test"], None)
        renewed = person.http.post(f"{path}/secret").json()["secret"]
        assert renewed != made["secret"]
        sent = person.http.post(f"{path}/test").json()["event"]
        until(lambda: server.got)
        for secret in (made["secret"], renewed):
            Receiver(secret).verify(server.got[0][1], server.got[0][0])
        assert server.got[0][0]["webhook-id"] == sent
        kept = person.http.get("/v1/artifacts", params={"kind": "webhook"}).json()["data"]
        assert len(kept) == 1, "the old address was erased"
        assert person.http.delete(path).status_code == 204
        assert person.http.get(path).status_code == 404
        assert person.http.get("/v1/artifacts", params={"kind": "webhook"}).json()["data"] == []


def test_a_webhook_goes_nowhere_private(house: House, person: Person) -> None:
    inside = ("http://10.0.0.1/", "http://[::1]:80/", "http://169.254.169.254/latest", f"{house.url}#x", "file:///etc")
    for url in inside:
        answer = person.http.post("/v1/webhooks", json={"url": url})
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_address"), url
    for _ in range(10):
        hooked(person, f"http://127.0.0.1:1/{uuid4().hex}")
    assert person.http.post("/v1/webhooks", json={"url": "http://127.0.0.1:1/"}).status_code == 409
    assert len(person.http.get("/v1/webhooks").json()["data"]) == 10
