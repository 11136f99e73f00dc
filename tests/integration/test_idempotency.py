"""Idempotency-Key: a repeated POST does its work once and gets the first answer."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import httpx
import pytest
from fastapi.routing import APIRoute

from serve_apps.ingress.app import ROUTERS
from tests.integration.house import House
from tests.integration.people import PASSWORD, Person, events_of, picture, sign_up_body


@pytest.fixture
def key() -> dict[str, str]:
    return {"Idempotency-Key": uuid4().hex}


def test_sign_up(house: House, key: dict[str, str]) -> None:
    body = sign_up_body(f"{uuid4().hex}@example.org")
    first, again = (httpx.post(f"{house.url}/v1/accounts", json=body, headers=key) for _ in range(2))
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    wrong_password = httpx.post(f"{house.url}/v1/accounts", json={**body, "password": PASSWORD + "!"}, headers=key)
    no_key = httpx.post(f"{house.url}/v1/accounts", json=body)
    assert [answer.json()["code"] for answer in (wrong_password, no_key)] == ["email_taken"] * 2


def test_uploads(person: Person, key: dict[str, str]) -> None:
    files = [("photos", ("a.png", picture(seed=1), "image/png"))]
    first, again = (person.http.post("/v1/uploads", files=files, headers=key) for _ in range(2))
    assert first.json() == again.json()
    assert len(person.http.get("/v1/artifacts", params={"kind": "photo"}).json()["data"]) == 1
    others = [("photos", ("a.png", picture(seed=2), "image/png"))]
    conflict = person.http.post("/v1/uploads", files=others, headers=key)
    assert (conflict.status_code, conflict.json()["code"]) == (409, "conflict")


def test_uploads_at_the_same_moment(person: Person, key: dict[str, str]) -> None:
    files = [("photos", ("a.png", picture(seed=1), "image/png"))]
    with ThreadPoolExecutor(4) as crowd:
        answers = list(crowd.map(lambda _: person.http.post("/v1/uploads", files=files, headers=key), range(4)))
    assert len({answer.json()["data"][0]["id"] for answer in answers}) == 1
    assert len(person.http.get("/v1/artifacts", params={"kind": "photo"}).json()["data"]) == 1


def test_trainings(person: Person, key: dict[str, str]) -> None:
    photos = person.upload()
    body = {"photos": photos, "captions": {photos[0]: "a face"}}
    first, again = (person.http.post("/v1/trainings", json=body, headers=key) for _ in range(2))
    assert first.json()["id"] == again.json()["id"]
    assert len(person.http.get("/v1/trainings").json()["data"]) == 1
    assert len(person.http.get("/v1/artifacts", params={"kind": "caption"}).json()["data"]) == 1


def test_pictures(person: Person, key: dict[str, str]) -> None:
    body = {"prompt": "a face", "n": 2, "response_format": "b64_json"}
    first, again = (person.http.post("/v1/images/generations", json=body, headers=key) for _ in range(2))
    assert first.json()["data"] == again.json()["data"]
    assert len(person.http.get("/v1/artifacts", params={"kind": "image"}).json()["data"]) == 2


def test_streamed_pictures(person: Person, key: dict[str, str]) -> None:
    body = {"prompt": "a face", "stream": True}
    first, again = (person.http.post("/v1/images/generations", json=body, headers=key) for _ in range(2))
    [(_, one)], [(_, other)] = events_of(first.text), events_of(again.text)
    assert (one["artifact"], one["b64_json"]) == (other["artifact"], other["b64_json"])


def test_tokens(person: Person, key: dict[str, str]) -> None:
    """The same token comes again, though nothing but its hash is kept; once revoked it never comes back."""
    ask = {"scopes": ["account"], "lifetime_days": 3}
    first, again = (person.http.post("/v1/tokens", json=ask, headers=key) for _ in range(2))
    assert first.status_code == 201, first.text
    assert first.json() == again.json()
    other = person.http.post("/v1/tokens", json=ask | {"lifetime_days": 4}, headers=key)
    assert (other.status_code, other.json()["code"]) == (409, "conflict")
    bearer = {"Authorization": f"Bearer {first.json()['access_token']}"}
    assert person.http.get("/v1/account", headers=bearer).status_code == 200
    assert person.http.delete("/v1/sessions/current", headers=bearer).status_code == 204
    revoked = person.http.post("/v1/tokens", json=ask, headers=key)
    assert (revoked.status_code, revoked.json()["code"]) == (409, "conflict")
    assert person.http.get("/v1/account", headers=bearer).status_code == 401


def test_sessions(house: House, person: Person, key: dict[str, str]) -> None:
    body = {"email": person.email, "password": PASSWORD}
    first, again = (httpx.post(f"{house.url}/v1/sessions", json=body, headers=key) for _ in range(2))
    assert first.status_code == 201, first.text
    assert first.json() == again.json()
    wrong = httpx.post(f"{house.url}/v1/sessions", json=body | {"password": "something else"}, headers=key)
    assert wrong.status_code == 401
    fresh = httpx.post(f"{house.url}/v1/sessions", json=body)
    assert fresh.json()["access_token"] != first.json()["access_token"]


def test_webhooks(person: Person, key: dict[str, str]) -> None:
    body = {"url": "http://127.0.0.1:1/", "types": ["order.paid"]}
    first, again = (person.http.post("/v1/webhooks", json=body, headers=key) for _ in range(2))
    assert first.status_code == 201, first.text
    assert first.json() == again.json()
    assert len(person.http.get("/v1/webhooks").json()["data"]) == 1
    other = person.http.post("/v1/webhooks", json=body | {"types": []}, headers=key)
    assert (other.status_code, other.json()["code"]) == (409, "conflict")
    path = f"/v1/webhooks/{first.json()['id']}"
    for action in ("secret", "test"):
        one, two = (person.http.post(f"{path}/{action}", headers=key) for _ in range(2))
        assert one.json() == two.json()
        assert person.http.post(f"{path}/{action}").json() != one.json()
def test_refreshed_sessions(house: House, person: Person, key: dict[str, str]) -> None:
    """An answer that was lost comes again; the same refresh token without the key is a thief's."""
    body = {"email": person.email, "password": PASSWORD}
    given = {"refresh_token": httpx.post(f"{house.url}/v1/sessions", json=body).json()["refresh_token"]}
    first, again = (httpx.post(f"{house.url}/v1/sessions/refresh", json=given, headers=key) for _ in range(2))
    assert first.status_code == 201, first.text
    assert first.json() == again.json()
    assert httpx.post(f"{house.url}/v1/sessions/refresh", json=given).status_code == 401


def test_changed_passwords(person: Person, key: dict[str, str]) -> None:
    body = {"current": PASSWORD, "new": PASSWORD + "!"}
    first, again = (person.http.post("/v1/account/password", json=body, headers=key) for _ in range(2))
    assert first.status_code == again.status_code == 204
    assert person.http.post("/v1/account/password", json=body).status_code == 401


def test_consents(person: Person, key: dict[str, str]) -> None:
    body = {"purpose": "marketing"}
    first, again = (person.http.post("/v1/consents", json=body, headers=key) for _ in range(2))
    assert first.status_code == 201, first.text
    assert first.json() == again.json()
    assert len(person.http.get("/v1/consents").json()["data"]) == 1


def test_every_post_takes_a_key() -> None:
    routes = [route for module in ROUTERS for route in module.router.routes if isinstance(route, APIRoute)]
    taken = {route.path: _headers(route) for route in routes if "POST" in route.methods}
    assert len(taken) >= 8
    for path in ("/v1/uploads/checks", "/v1/verify"):
        del taken[path]  # what only looks at a file does the same once more
    del taken["/v1/payments/events"]  # the payment processor's events carry ids of their own
    del taken["/opendsr/v2/requests"]  # a request of OpenDSR carries an id of its own
    assert [path for path, headers in taken.items() if "Idempotency-Key" not in headers] == []


def _headers(route: APIRoute) -> set[str]:
    return {header.alias for header in route.dependant.header_params}


def test_a_key_is_its_owners_alone(person: Person, stranger: Person, key: dict[str, str]) -> None:
    mine, theirs = (
        each.http.post("/v1/uploads", files=[("photos", ("a.png", picture(), "image/png"))], headers=key)
        for each in (person, stranger)
    )
    assert mine.status_code == theirs.status_code == 201
    assert mine.json()["data"][0]["id"] != theirs.json()["data"][0]["id"]
