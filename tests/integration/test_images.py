"""Pictures over HTTP: refusals, back-pressure, streams, clients that go away, isolation from other people."""

import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.integration.house import House
from tests.integration.people import Person, events_of
from tests.integration.waiting import until


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({"prompt": ""}, "invalid_request", "prompt"),
        ({"n": 5}, "invalid_parameter", "n"),
        ({"n": 0}, "invalid_request", "n"),
        ({"steps": 101}, "invalid_parameter", "steps"),
        ({"size": "1x1"}, "invalid_size", "size"),
        ({"partial_images": 1}, "invalid_parameter", "partial_images"),
        ({"quality": "hd"}, "invalid_request", "quality"),
        ({"surprise": 1}, "invalid_request", "surprise"),
    ],
)
def test_what_cannot_be_made_is_refused_by_name(person: Person, body: dict[str, object], code: str, param: str) -> None:
    answer = person.picture(**body)
    assert answer.status_code == 422
    error = answer.json()["error"]
    assert (error["code"], error["param"], error["type"]) == (code, param, "invalid_request_error")


def test_refusals_do_not_repeat_what_was_sent(person: Person) -> None:
    answer = person.http.post("/v1/images/generations", json={"prompt": ["my secret"], "model": 5})
    assert answer.status_code == 422
    assert "secret" not in answer.text


def test_size_is_width_by_height(person: Person) -> None:
    answer = person.picture(size="32x16", response_format="url")
    assert answer.json()["size"] == "32x16"
    png = httpx.get(answer.json()["data"][0]["url"]).content
    assert (int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")) == (32, 16)


def test_nobody_uses_anothers_model(person: Person, stranger: Person) -> None:
    answer = stranger.picture(model=person.train())
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


def test_a_full_queue_says_when_to_come_back(person: Person) -> None:
    with ThreadPoolExecutor(6) as crowd:
        answers = list(crowd.map(lambda n: person.picture(n=4, steps=20, seed=n), range(6)))
    refused = [answer for answer in answers if answer.status_code == 503]
    assert refused, "twenty-four pictures must be more than the queue takes"
    assert all(answer.json()["error"]["code"] == "busy" for answer in refused)
    assert all(int(answer.headers["retry-after"]) >= 1 for answer in refused)
    assert {answer.status_code for answer in answers} == {200, 503}


def test_a_client_that_goes_away_ends_its_picture(house: House, person: Person) -> None:
    before = house.engine.stats().pictures
    with pytest.raises(httpx.ReadTimeout):
        person.http.post("/v1/images/generations", json={"prompt": "a face", "steps": 100, "n": 4}, timeout=0.3)
    until(lambda: house.engine.stats().queued_steps == 0, within_s=5)
    assert house.engine.stats().pictures == before


def test_a_stream_that_is_closed_ends_its_picture(house: House, person: Person) -> None:
    before = house.engine.stats().pictures
    body = {"prompt": "a face", "steps": 100, "n": 4, "stream": True, "partial_images": 3}
    with person.http.stream("POST", "/v1/images/generations", json=body) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        next(answer.iter_lines())
    until(lambda: house.engine.stats().queued_steps == 0, within_s=5)
    assert house.engine.stats().pictures == before


def test_erasing_the_model_ends_a_picture_under_way(house: House, person: Person) -> None:
    model = person.train()
    answers: list[httpx.Response] = []
    waiting = threading.Thread(target=lambda: answers.append(person.picture(model=model, steps=100, n=4)))
    waiting.start()
    until(lambda: house.engine.stats().running > 0)
    person.http.delete(f"/v1/artifacts/{model}")
    waiting.join(20)
    assert (answers[0].status_code, answers[0].json()["error"]["code"]) == (410, "gone")
    until(lambda: model not in house.engine.stats().resident, within_s=1)
    assert person.http.get("/v1/artifacts", params={"kind": "image"}).json()["data"] == []


def test_an_error_in_a_stream_is_its_last_event(house: House, person: Person) -> None:
    model = person.train()
    body = {"prompt": "a face", "steps": 100, "stream": True, "model": model, "partial_images": 3, "n": 4}
    with person.http.stream("POST", "/v1/images/generations", json=body) as answer:
        lines = answer.iter_lines()
        next(lines)
        person.http.delete(f"/v1/artifacts/{model}")
        rest = "\n".join(lines)
    name, data = events_of(rest[rest.index("event: error") :] + "\n\n")[-1]
    assert (name, data["error"]["code"]) == ("error", "gone")


def test_a_link_works_for_nobody_when_it_is_changed(person: Person, stranger: Person) -> None:
    mine = person.picture(response_format="url").json()["data"][0]["url"]
    theirs = stranger.picture(response_format="url").json()["data"][0]["url"]
    query = mine.split("?")[1]
    assert httpx.get(f"{theirs.split('?')[0]}?{query}").status_code == 404
    assert httpx.get(mine.replace("expires=", "expires=9")).status_code == 404
    assert httpx.get(mine.split("?")[0]).status_code == 401
