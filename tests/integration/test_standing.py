"""Confirmation, passwords, refresh tokens, keys and roles over HTTP, with the codes as they arrive by e-mail."""

import re

import httpx
import pytest

from governance.audit.leaf import LeafEvent
from governance.model import Role
from tests.integration.house import SECRETS, House
from tests.integration.people import PASSWORD, Person, operators_pass
from tests.support.mail import Mailbox, text_of
from tests.support.openid import Provider

NEW = "another long password"


def code_in(mailbox: Mailbox, person: Person, subject: str) -> str:
    found = re.search(r"^[0-9a-f]{64}$", text_of(mailbox.wait_for(person.email, subject)), re.MULTILINE)
    assert found is not None
    return found.group()


def post(house: House, path: str, body: dict[str, object]) -> httpx.Response:
    return httpx.post(f"{house.url}{path}", json=body)


def sign_in(person: Person, password: str) -> int:
    return post(person.house, "/v1/sessions", {"email": person.email, "password": password}).status_code


def events(house: House, subject: str) -> list[str]:
    async def read() -> list[str]:
        async with house.governance.parts.database.transaction() as conn:
            cursor = await conn.execute("SELECT convert_from(data, 'UTF8') FROM audit_leaves ORDER BY index")
            return [row[0] for row in await cursor.fetchall() if subject in row[0]]

    return house.call(read())


def test_an_address_is_confirmed_by_the_code_in_the_email(house: House, person: Person, mailbox: Mailbox) -> None:
    assert person.http.get("/v1/account").json()["confirmed"] is False
    code = code_in(mailbox, person, "Confirm your address")
    wrong = post(house, "/v1/confirmations", {"code": code[:-1] + ("0" if code[-1] != "0" else "1")})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "wrong_code")
    for _ in range(2):
        assert post(house, "/v1/confirmations", {"code": code}).status_code == 204
    assert person.http.get("/v1/account").json()["confirmed"] is True
    assert any(LeafEvent.ACCOUNT_CONFIRMED in one for one in events(house, person.id))


def test_a_newer_code_takes_the_place_of_the_older(house: House, person: Person, mailbox: Mailbox) -> None:
    old = code_in(mailbox, person, "Confirm your address")
    assert person.http.post("/v1/account/confirmation").status_code == 202
    assert post(house, "/v1/confirmations", {"code": old}).status_code == 422


def test_a_changed_password_ends_every_other_session_and_key(house: House, person: Person, mailbox: Mailbox) -> None:
    key = person.http.post("/v1/tokens", json={"scopes": ["account"]}).json()["access_token"]
    other = post(house, "/v1/sessions", {"email": person.email, "password": PASSWORD}).json()["access_token"]
    wrong = person.http.post("/v1/account/password", json={"current": "not this one", "new": NEW})
    assert (wrong.status_code, wrong.json()["code"]) == (401, "wrong_credentials")
    assert person.http.post("/v1/account/password", json={"current": PASSWORD, "new": NEW}).status_code == 204
    assert person.http.get("/v1/account").status_code == 200
    for token in (key, other):
        with httpx.Client(base_url=house.url, headers={"Authorization": f"Bearer {token}"}) as http:
            assert http.get("/v1/account").status_code == 401
    assert [sign_in(person, password) for password in (PASSWORD, NEW)] == [401, 201]
    mailbox.wait_for(person.email, "Your password was changed")


def test_a_forgotten_password_is_set_anew_once(house: House, person: Person, mailbox: Mailbox) -> None:
    """Whether there is such an account makes no difference; the code ends a lock-out and every session."""
    for _ in range(11):
        sign_in(person, "a wrong password")
    assert sign_in(person, PASSWORD) == 429
    known, unknown = (
        post(house, "/v1/password-resets", {"email": email}) for email in (person.email, f"nobody-{person.email}")
    )
    assert (known.status_code, known.content) == (unknown.status_code, unknown.content) == (202, b"")
    code = code_in(mailbox, person, "A new password")
    assert post(house, "/v1/confirmations", {"code": code}).status_code == 422, "a code is good for one thing"
    assert post(house, "/v1/passwords", {"code": code, "password": NEW}).status_code == 204
    again = post(house, "/v1/passwords", {"code": code, "password": NEW + "!"})
    assert (again.status_code, again.json()["code"]) == (409, "conflict")
    assert person.http.get("/v1/account").status_code == 401
    assert [sign_in(person, password) for password in (PASSWORD, NEW)] == [401, 201]
    assert any(LeafEvent.ACCOUNT_LOCKED in one for one in events(house, person.id))


def test_a_stolen_refresh_token_ends_the_session(house: House, person: Person) -> None:
    first = post(house, "/v1/sessions", {"email": person.email, "password": PASSWORD}).json()
    refused = httpx.get(f"{house.url}/v1/account", headers={"Authorization": f"Bearer {first['refresh_token']}"})
    assert refused.status_code == 401, "it opens nothing by itself"
    second = post(house, "/v1/sessions/refresh", {"refresh_token": first["refresh_token"]})
    assert second.status_code == 201
    bearer = {"Authorization": f"Bearer {second.json()['access_token']}"}
    assert httpx.get(f"{house.url}/v1/account", headers=bearer).status_code == 200
    thief = post(house, "/v1/sessions/refresh", {"refresh_token": first["refresh_token"]})
    assert thief.status_code == 401
    assert httpx.get(f"{house.url}/v1/account", headers=bearer).status_code == 401
    assert post(house, "/v1/sessions/refresh", {"refresh_token": second.json()["refresh_token"]}).status_code == 401
    assert person.http.get("/v1/account").status_code == 200, "other sessions go on"


def test_signing_out_ends_the_refresh_token_too(house: House, person: Person) -> None:
    session = post(house, "/v1/sessions", {"email": person.email, "password": PASSWORD}).json()
    bearer = {"Authorization": f"Bearer {session['access_token']}"}
    assert httpx.delete(f"{house.url}/v1/sessions/current", headers=bearer).status_code == 204
    assert post(house, "/v1/sessions/refresh", {"refresh_token": session["refresh_token"]}).status_code == 401


def test_keys_are_listed_and_revoked(house: House, person: Person) -> None:
    made = person.http.post("/v1/tokens", json={"scopes": ["images", "account"]}).json()
    [shown] = person.http.get("/v1/tokens").json()["data"]
    assert (shown["id"], shown["scopes"]) == (made["id"], ["account", "images"])
    assert "access_token" not in shown
    assert person.http.delete(f"/v1/tokens/{made['id']}").status_code == 204
    bearer = {"Authorization": f"Bearer {made['access_token']}"}
    assert httpx.get(f"{house.url}/v1/account", headers=bearer).status_code == 401
    assert person.http.get("/v1/tokens").json()["data"] == []


def test_a_role_that_is_taken_away_counts_at_once(house: House, person: Person, stranger: Person) -> None:
    admin = stranger.works_as(Role.CLUSTER_ADMIN)
    early = admin.put("/v1/staff", json={"email": person.email, "role": "ml-ops"})
    assert (early.status_code, early.json()["code"]) == (409, "conflict"), "anybody can sign up with this address"
    person.confirm()
    assert admin.put("/v1/staff", json={"email": person.email, "role": "ml-ops"}).status_code == 200
    person.sign_in()
    assert person.http.get("/v1/account").json()["role"] == "ml-ops"
    vitals = person.http.get("/v1/ops/vitals")
    assert vitals.status_code == 200
    assert person.id not in vitals.text
    assert admin.put("/v1/staff", json={"email": person.email, "role": "client"}).status_code == 200
    assert person.http.get("/v1/ops/vitals").status_code == 403
    assert admin.put("/v1/staff", json={"email": "nobody@example.org", "role": "dpo"}).status_code == 404


def test_staff_sign_in_with_their_openid_provider(
    house: House, person: Person, stranger: Person, openid_provider: Provider
) -> None:
    person.works_as(Role.SUPPORT)
    token = openid_provider.token(person.email)
    first, again = (post(house, "/v1/sessions/openid", {"id_token": token}) for _ in range(2))
    assert first.status_code == 201, first.text
    assert first.json() == again.json(), "an ID token that was seen opens no other session"
    bearer = {"Authorization": f"Bearer {first.json()['access_token']}"}
    assert httpx.get(f"{house.url}/v1/support/queue", headers=bearer).status_code == 200
    for email in (stranger.email, "nobody@example.org"):
        refused = post(house, "/v1/sessions/openid", {"id_token": openid_provider.token(email)})
        assert refused.status_code == 401
    forged = post(house, "/v1/sessions/openid", {"id_token": openid_provider.token(person.email, aud="another")})
    assert (forged.status_code, forged.json()["code"]) == (401, "wrong_credentials")


@pytest.mark.parametrize("spoil", [lambda text: text[:-1] + "x", lambda text: text.replace("pxo_1", "pxo_2")])
def test_only_the_installations_secret_opens_the_operators_door(house: House, person: Person, spoil: object) -> None:
    good = operators_pass(house)
    body = {"email": person.email, "role": "dpo"}
    for token in (spoil(good), SECRETS.operators_pass(house.governance.parts.accounts._clock())):  # type: ignore[operator]
        answer = httpx.put(f"{house.url}/v1/staff", json=body, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 401
    bearer = {"Authorization": f"Bearer {good}"}
    assert httpx.get(f"{house.url}/v1/account", headers=bearer).status_code == 401
