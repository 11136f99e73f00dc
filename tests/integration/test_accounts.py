"""Accounts and tokens over HTTP."""

from datetime import UTC, datetime
from uuid import uuid4

import httpx
import pytest

from tests.integration.house import House
from tests.integration.people import PASSWORD, Person, newcomer, sign_up_body


def years_ago(years: int, days: int = 0) -> str:
    today = datetime.now(UTC).date()
    return (
        today.replace(year=today.year - years, day=min(today.day, 28))
        .fromordinal(today.replace(year=today.year - years, day=min(today.day, 28)).toordinal() + days)
        .isoformat()
    )


def test_an_account_shows_what_is_kept_and_no_date_of_birth(house: House) -> None:
    somebody = newcomer(house)
    account = somebody.http.get("/v1/account").json()
    assert (account["name"], account["email"], account["status"]) == ("Ada Example", somebody.email, "active")
    assert account["age_checked"] is True
    assert "1990" not in str(account).replace(somebody.email, "")


def test_the_address_of_an_account_is_found_whatever_its_case(person: Person) -> None:
    answer = httpx.post(f"{person.house.url}/v1/sessions", json={"email": person.email.upper(), "password": PASSWORD})
    assert answer.status_code == 201
    taken = httpx.post(f"{person.house.url}/v1/accounts", json=sign_up_body(person.email.upper()))
    assert (taken.status_code, taken.json()["code"]) == (409, "email_taken")


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"date_of_birth": years_ago(16, 30)}, 403, "under_minimum_age"),
        ({"date_of_birth": "2999-01-01"}, 422, "invalid_date_of_birth"),
        ({"date_of_birth": "1800-01-01"}, 422, "invalid_date_of_birth"),
        ({"date_of_birth": None}, 422, "invalid_request"),
        ({"region": "atlantis"}, 422, "unknown_region"),
        ({"password": "short"}, 422, "invalid_request"),
        ({"email": "nobody"}, 422, "invalid_request"),
        ({"name": "  "}, 422, "invalid_request"),
        ({"shoe_size": 43}, 422, "invalid_request"),
    ],
)
def test_sign_up_refuses(house: House, change: dict[str, object], status: int, code: str) -> None:
    answer = httpx.post(f"{house.url}/v1/accounts", json=sign_up_body(f"{uuid4().hex}@example.org", **change))
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_wrong_password_and_unknown_address_look_alike(person: Person) -> None:
    answers = [
        httpx.post(f"{person.house.url}/v1/sessions", json={"email": email, "password": "wrong password"})
        for email in (person.email, f"{uuid4().hex}@example.org")
    ]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert answers[0].json() == answers[1].json()


def test_guessing_a_password_is_slowed_down(person: Person) -> None:
    body = {"email": person.email, "password": "wrong password"}
    answers = [httpx.post(f"{person.house.url}/v1/sessions", json=body) for _ in range(11)]
    assert [answer.status_code for answer in answers[:9]] == [401] * 9
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) > 1


def test_signing_out_ends_the_token(person: Person) -> None:
    assert person.http.delete("/v1/sessions/current").status_code == 204
    answer = person.http.get("/v1/account")
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")


def test_an_api_key_does_what_its_scopes_say(person: Person) -> None:
    made = person.http.post("/v1/tokens", json={"scopes": ["images"]})
    assert made.status_code == 201
    key = {"Authorization": f"Bearer {made.json()['access_token']}"}
    assert person.http.get("/v1/models", headers=key).status_code == 200
    for method, path in [("GET", "/v1/account"), ("DELETE", "/v1/account"), ("GET", "/v1/artifacts")]:
        answer = person.http.request(method, path, headers=key)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert person.http.post("/v1/tokens", json={"scopes": ["images"]}, headers=key).status_code == 403


def test_a_key_cannot_give_more_than_it_has(person: Person) -> None:
    made = person.http.post("/v1/tokens", json={"scopes": ["tokens"]}).json()["access_token"]
    more = person.http.post("/v1/tokens", json={"scopes": ["erasure"]}, headers={"Authorization": f"Bearer {made}"})
    assert (more.status_code, more.json()["code"]) == (403, "forbidden")


def test_a_name_is_corrected_and_the_wrong_one_erased(person: Person) -> None:
    before = [each["id"] for each in person.http.get("/v1/artifacts").json()["data"]]
    answer = person.http.patch("/v1/account", json={"name": "Ada Corrected"})
    assert answer.json()["name"] == "Ada Corrected"
    assert person.http.get("/v1/account").json()["name"] == "Ada Corrected"
    assert [person.http.get(f"/v1/artifacts/{id_}").status_code for id_ in before] == [410]


def test_restriction_stops_processing_and_nothing_else(person: Person) -> None:
    photos = person.upload()
    assert person.http.post("/v1/account/restriction").json()["status"] == "frozen"
    picture = person.picture()
    assert (picture.status_code, picture.json()["error"]["code"]) == (403, "frozen")
    training = person.http.post("/v1/trainings", json={"photos": photos})
    assert (training.status_code, training.json()["code"]) == (403, "frozen")
    assert person.http.get(f"/v1/artifacts/{photos[0]}/content").status_code == 200
    assert person.http.delete("/v1/account/restriction").json()["status"] == "active"
    assert person.picture().status_code == 200
