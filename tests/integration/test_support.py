"""Questions to support over HTTP: text and attachments in, an answer back, and nobody else in between."""

import io
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from PIL import Image

from governance.model import Role
from tests.integration.house import House
from tests.integration.people import Person, newcomer, picture
from tests.integration.waiting import until

TICKETS = "/v1/support/tickets"
Files = list[tuple[str, Any]]


@pytest.fixture(scope="module")
def support(house: House) -> Iterator[httpx.Client]:
    """Somebody of support."""
    http = newcomer(house).works_as(Role.SUPPORT)
    yield http
    http.close()


def form(text: str, *attachments: bytes) -> Files:
    files: Files = [("message", (None, text))]
    return files + [("attachments", (f"{number}", each)) for number, each in enumerate(attachments)]


def asked(person: Person, text: str = "Hvordan?", *attachments: bytes) -> dict[str, Any]:
    answer = person.http.post(TICKETS, files=form(text, *attachments))
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def test_a_question_gets_a_number_and_an_answer(person: Person, support: httpx.Client) -> None:
    with_place = picture(kind="JPEG", exif=b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00")
    made = asked(person, "Mit billede ser forkert ud", with_place, "log: æøå\n".encode())
    assert made["id"].startswith("tkt_")
    [question] = made["messages"]
    assert (question["author"], question["text"]) == ("client", "Mit billede ser forkert ud")
    screenshot, log = question["attachments"]
    kept = person.http.get(f"/v1/artifacts/{screenshot}/content").content
    assert b"Exif" not in kept
    assert Image.open(io.BytesIO(kept)).size == (48, 48)
    queue = support.get("/v1/support/queue", params={"limit": 100}).json()["data"]
    assert made["id"] in {one["id"] for one in queue}
    seen = support.get(f"/v1/support/queue/{made['id']}").json()
    assert seen["messages"] == made["messages"]
    read = support.get(f"/v1/support/queue/{made['id']}/attachments/{log}")
    assert read.content == "log: æøå\n".encode()
    answered = support.post(f"/v1/support/queue/{made['id']}/answers", json={"message": "Prøv igen"})
    assert answered.json()["state"] == "answered"
    mine = person.http.get(f"{TICKETS}/{made['id']}").json()
    assert [one["text"] for one in mine["messages"]] == ["Mit billede ser forkert ud", "Prøv igen"]
    until(lambda: "ticket.answered" in [one["type"] for one in person.http.get("/v1/events").json()["data"]])
    more = person.http.post(f"{TICKETS}/{made['id']}/messages", files=form("Tak"))
    assert (more.status_code, more.json()["state"]) == (201, "open")
    assert person.http.delete(f"{TICKETS}/{made['id']}").json()["state"] == "closed"
    assert [one["id"] for one in person.http.get(TICKETS).json()["data"]] == [made["id"]]


def test_support_sees_its_tickets_and_nothing_else(person: Person, support: httpx.Client) -> None:
    [photo] = person.upload(1)
    made = asked(person)
    assert support.get(f"/v1/support/queue/{made['id']}/attachments/{photo}").status_code == 404
    assert support.get(f"/v1/artifacts/{photo}").status_code == 404
    assert photo not in {one["id"] for one in support.get("/v1/artifacts").json()["data"]}
    assert support.get("/v1/dpo/requests").status_code == 403
    assert person.http.get("/v1/support/queue").status_code == 403


def test_what_is_erased_is_gone_from_the_ticket_too(person: Person, support: httpx.Client) -> None:
    made = asked(person, "Se her", picture())
    [screenshot] = made["messages"][0]["attachments"]
    assert person.http.delete(f"/v1/artifacts/{screenshot}").status_code == 202
    assert support.get(f"/v1/support/queue/{made['id']}/attachments/{screenshot}").status_code == 410
    [text] = person.http.get("/v1/artifacts", params={"kind": "message"}).json()["data"]
    assert person.http.delete(f"/v1/artifacts/{text['id']}").status_code == 202
    [message] = support.get(f"/v1/support/queue/{made['id']}").json()["messages"]
    assert (message["text"], message["attachments"]) == (None, [])
    assert person.http.delete("/v1/account").status_code == 202
    until(lambda: support.get(f"/v1/support/queue/{made['id']}").status_code == 404)


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ([("message", (None, ""))], "bad_text"),
        ([("message", (None, "x" * 20_001))], "bad_text"),
        ([("message", (None, b"\xff\xfe"))], "bad_text"),
        ([("attachments", ("a.png", b"x"))], "bad_form"),
        ([("message", (None, "a")), ("message", (None, "b"))], "bad_form"),
        ([("message", (None, "a")), ("photos", ("a.png", b"x"))], "bad_form"),
        (form("a", b"%PDF-1.7\x00\x01"), "attachments_refused"),
        (form("a", b""), "attachments_refused"),
        (form("a", *[b"text"] * 6), "too_many_attachments"),
    ],
)
def test_a_form_that_is_none_is_refused_and_nothing_is_kept(person: Person, files: Files, code: str) -> None:
    answer = person.http.post(TICKETS, files=files)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert person.http.get(TICKETS).json()["data"] == []
    assert [one["kind"] for one in person.http.get("/v1/artifacts").json()["data"]] == ["profile"]


def test_a_repeated_message_is_one(person: Person, support: httpx.Client) -> None:
    key = {"Idempotency-Key": uuid4().hex}
    first, again = (person.http.post(TICKETS, files=form("Hej"), headers=key) for _ in range(2))
    assert first.json() == again.json()
    assert len(person.http.get(TICKETS).json()["data"]) == 1
    path = f"/v1/support/queue/{first.json()['id']}/answers"
    for _ in range(2):
        assert support.post(path, json={"message": "Hej selv"}, headers=key).status_code == 201
    assert len(person.http.get(f"{TICKETS}/{first.json()['id']}").json()["messages"]) == 2
