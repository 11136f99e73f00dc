"""Every route against everybody: nobody, a stranger, a key without the scope, an erased account."""

from uuid import uuid4

import httpx
import pytest
from fastapi.routing import APIRoute

from governance.model import Role
from serve_apps.ingress.app import ROUTERS
from tests.integration.house import House
from tests.integration.people import Person, newcomer, picture

OPEN = {
    ("POST", "/v1/accounts"), ("POST", "/v1/sessions"), ("GET", "/v1/policy"), ("GET", "/v1/health"),
    ("GET", "/v1/prices"), ("POST", "/v1/payments/events"),
    ("POST", "/v1/sessions/refresh"), ("POST", "/v1/sessions/openid"), ("POST", "/v1/confirmations"),
    ("POST", "/v1/password-resets"), ("POST", "/v1/passwords"), ("POST", "/v1/unsubscriptions"),
    ("GET", "/.well-known/gpc.json"),
    ("POST", "/v1/verify"),
    ("GET", "/opendsr/v2/discovery"), ("GET", "/opendsr/v2/certificate"),
    ("GET", "/studio"), ("GET", "/studio/{name}"),
}  # fmt: skip
FOR_THE_ERASED = {("GET", "/v1/requests/{request_id}"), ("GET", "/v1/requests/{request_id}/certificate")}


def routes() -> list[tuple[str, str]]:
    found = [route for module in ROUTERS for route in module.router.routes if isinstance(route, APIRoute)]
    return sorted((method, route.path) for route in found for method in route.methods)


GUARDED = [each for each in routes() if each not in OPEN]
STAFF = {
    "/v1/dpo/": {Role.DPO},
    "/opendsr/": {Role.DPO},
    "/v1/support/queue": {Role.SUPPORT},
    "/v1/staff": {Role.CLUSTER_ADMIN},
    "/v1/newsletters": {Role.CLUSTER_ADMIN},
    "/v1/ops/": {Role.CLUSTER_ADMIN, Role.ML_OPS},
}
"""Whose work each route is; everything else is everybody's, with what is their own."""


def for_staff(path: str) -> set[Role] | None:
    return next((roles for start, roles in STAFF.items() if path.startswith(start)), None)


OFFICERS = [each for each in GUARDED if for_staff(each[1])]
WITH_AN_ID = [each for each in GUARDED if "{" in each[1] and each not in OFFICERS]

ANY_TOKEN = {("DELETE", "/v1/sessions/current"), *FOR_THE_ERASED}
BEYOND_TRAININGS = [each for each in GUARDED if each not in ANY_TOKEN and not each[1].startswith("/v1/trainings")]


def ask(http: httpx.Client, method: str, path: str, **ids: str) -> httpx.Response:
    """A request that would be carried out, were it allowed."""
    names = ("artifact_id", "training_id", "request_id", "model_id", "order_id", "hold_id", "breach_id", "number",
             "webhook_id", "event_id", "ticket_id", "token_id", "consent_id", "purpose", "version", "share_id")
    unknown = {
        "order_id": "ord_" + uuid4().hex, "number": str(uuid4()), "webhook_id": "whk_" + uuid4().hex,
        "consent_id": "con_" + uuid4().hex, "purpose": "marketing", "version": "2999-01-01",
        "token_id": "tok_" + uuid4().hex, "event_id": "evt_" + uuid4().hex, "ticket_id": "tkt_" + uuid4().hex,
        "share_id": "shr_" + uuid4().hex,
    }  # fmt: skip
    filled = path.format(**{name: ids.get(name) or unknown.get(name, "art_" + uuid4().hex) for name in names})
    if path in ("/v1/uploads", "/v1/uploads/checks"):
        return http.request(method, filled, files=[("photos", ("a.png", picture(), "image/png"))])
    if path.startswith("/v1/support/tickets") and method == "POST":
        return http.request(method, filled, files=[("message", (None, "Hej"))])
    bodies: dict[str, dict[str, object]] = {
        "/v1/account": {"name": "x"},
        "/v1/tokens": {"scopes": ["images"]},
        "/v1/trainings": {"photos": ["art_" + uuid4().hex]},
        "/v1/orders": {"pack": "small"},
        "/v1/webhooks": {"url": "http://127.0.0.1:1/"},
        "/v1/webhooks/{webhook_id}": {"enabled": True},
        "/v1/images/generations": {"prompt": "a face"},
        "/v1/shares": {"model": "art_" + uuid4().hex, "receiver": "sub_" + uuid4().hex},
    }
    body = bodies.get(path) if method in ("POST", "PATCH") else None
    return http.request(method, filled, json=body) if body else http.request(method, filled)


def code_of(answer: httpx.Response) -> str:
    body = answer.json()
    return str(body["error"]["code"] if "error" in body else body["code"])


def test_there_are_routes_to_guard() -> None:
    assert len(GUARDED) >= 18
    assert len(WITH_AN_ID) >= 8


@pytest.mark.parametrize(("method", "path"), GUARDED)
def test_without_a_valid_token_nothing_is_done(house: House, method: str, path: str) -> None:
    for headers in ({}, {"Authorization": "Bearer pxr_wrong"}, {"Authorization": "Basic eDp5"}):
        with httpx.Client(base_url=house.url, headers=headers) as nobody:
            answer = ask(nobody, method, path)
        assert (answer.status_code, code_of(answer)) == (401, "unauthorized")


@pytest.mark.parametrize(("method", "path"), WITH_AN_ID)
def test_what_is_anothers_does_not_exist(person: Person, everything: dict[str, str], method: str, path: str) -> None:
    theirs = ask(person.http, method, path, **everything)
    nobodys = ask(person.http, method, path)
    assert (theirs.status_code, code_of(theirs)) == (404, "not_found")
    assert theirs.content == nobodys.content, "an answer may not tell whether the id exists"


@pytest.mark.parametrize("role", Role)
def test_each_role_does_its_own_work_and_no_others(staff: dict[Role, Person], role: Role) -> None:
    for method, path in OFFICERS:
        answer = ask(staff[role].http, method, path)
        theirs = role in (for_staff(path) or ())
        assert (answer.status_code == 403) is not theirs, (method, path, answer.text)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.CLIENT])
def test_no_role_opens_what_is_anothers(
    staff: dict[Role, Person], everything: dict[str, str], role: Role
) -> None:
    """Need-to-know: to staff as to everybody, other people's photos, models and pictures do not exist."""
    for method, path in WITH_AN_ID:
        answer = ask(staff[role].http, method, path, **everything)
        assert (answer.status_code, code_of(answer)) == (404, "not_found"), (method, path)


@pytest.mark.parametrize(("method", "path"), GUARDED)
def test_an_erased_account_finds_everything_gone(erased: Person, method: str, path: str) -> None:
    answer = ask(erased.http, method, path)
    expected = (404, "not_found") if (method, path) in FOR_THE_ERASED else (410, "gone")
    assert (answer.status_code, code_of(answer)) == expected


@pytest.mark.parametrize(("method", "path"), BEYOND_TRAININGS)
def test_a_key_without_the_scope_may_not(narrow: httpx.Client, method: str, path: str) -> None:
    answer = ask(narrow, method, path)
    assert (answer.status_code, code_of(answer)) == (403, "forbidden")


@pytest.fixture(scope="module")
def everything(house: House) -> dict[str, str]:
    """Ids of another person's objects."""
    owner = newcomer(house)
    model = owner.train()
    training = owner.http.get("/v1/trainings").json()["data"][0]["id"]
    request = owner.http.delete(f"/v1/artifacts/{owner.upload(1)[0]}").json()["id"]
    order = owner.http.post("/v1/orders", json={"pack": "small"}).json()["id"]
    webhook = owner.http.post("/v1/webhooks", json={"url": "http://127.0.0.1:1/"}).json()["id"]
    event = owner.http.post(f"/v1/webhooks/{webhook}/test").json()["event"]
    ticket = owner.http.post("/v1/support/tickets", files=[("message", (None, "Hej"))]).json()["id"]
    sharing = {"model": model, "receiver": newcomer(house).id}
    share = owner.http.post("/v1/shares", json=sharing).json()["id"]
    ids = {"artifact_id": model, "model_id": model, "training_id": training, "request_id": request}
    ids |= {"order_id": order, "webhook_id": webhook, "event_id": event, "ticket_id": ticket, "share_id": share}
    key = owner.http.post("/v1/tokens", json={"scopes": ["images"]}).json()["id"]
    consent = owner.http.post("/v1/consents", json={"purpose": "marketing"}).json()["id"]
    return ids | {"token_id": key, "consent_id": consent}


@pytest.fixture(scope="module")
def staff(house: House) -> dict[Role, Person]:
    people = {role: newcomer(house) for role in Role}
    for role, somebody in people.items():
        somebody.works_as(role)
    return people


@pytest.fixture(scope="module")
def erased(house: House) -> Person:
    somebody = newcomer(house)
    assert somebody.http.delete("/v1/account").status_code == 202
    return somebody


@pytest.fixture(scope="module")
def narrow(house: House) -> httpx.Client:
    """A key for trainings alone."""
    token = newcomer(house).http.post("/v1/tokens", json={"scopes": ["trainings"]}).json()["access_token"]
    return httpx.Client(base_url=house.url, headers={"Authorization": f"Bearer {token}"})
