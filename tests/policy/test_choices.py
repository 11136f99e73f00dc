"""P3.5, P4.2, P5.5, P11.1: what people choose, and what they are told before it changes."""

from datetime import timedelta
from hashlib import sha256

import httpx

from governance.clock import ManualClock
from governance.model import Role
from tests.integration.house import SECRETS, House
from tests.integration.people import Person, newcomer, sign_up_body
from tests.integration.waiting import until
from tests.policy.evidence import make_officer
from tests.support.mail import Mailbox, text_of

NEWS = {"subject_da": "Sommer", "text_da": "Nye stilarter.", "subject_en": "Summer", "text_en": "New styles."}
SAYS_NO = {"Sec-GPC": "1"}


def test_p3_5_no_cookies_and_sec_gpc_is_an_objection(house: House, person: Person) -> None:
    """No answer sets a cookie; a browser that sends `Sec-GPC: 1` has objected to marketing, also at sign-up."""
    for path in ("/v1/policy", "/v1/account", "/v1/prices", "/.well-known/gpc.json"):
        assert "set-cookie" not in person.http.get(path, headers=SAYS_NO).headers
    assert httpx.get(f"{house.url}/.well-known/gpc.json").json()["gpc"] is True
    said = [one for one in person.http.get("/v1/rights").json()["data"] if one["right"] == "objection"]
    assert [(one["purpose"], one["state"]) for one in said] == [("marketing", "answered")]
    refused = person.http.post("/v1/consents", json={"purpose": "marketing"}, headers=SAYS_NO)
    assert (refused.status_code, refused.json()["code"]) == (403, "gpc_objects")
    assert person.http.post("/v1/consents", json={"purpose": "marketing"}).status_code == 201
    body = sign_up_body(f"gpc-{person.email}")
    assert httpx.post(f"{house.url}/v1/accounts", json=body, headers=SAYS_NO).status_code == 201


def test_p4_2_marketing_only_with_consent(person: Person, stranger: Person, mailbox: Mailbox) -> None:
    """A newsletter reaches who said yes and nobody else; no stops it at once, also with one click and no password."""
    silent = newcomer(person.house)
    admin = silent.works_as(Role.CLUSTER_ADMIN)
    for somebody in (person, stranger):
        assert somebody.http.post("/v1/consents", json={"purpose": "marketing"}).status_code == 201
    receipt = person.http.get(person.http.get("/v1/consents").json()["data"][0]["receipt"]).json()
    assert receipt["@type"] == "dpv:ConsentReceipt"
    ended = stranger.http.delete("/v1/consents/marketing").json()
    assert ended["withdrawn_at"] is not None
    assert admin.post("/v1/newsletters", json={"name": "first-of-all", **NEWS}).status_code == 201
    assert "New styles." in text_of(mailbox.wait_for(person.email, "Summer"))
    signed = {"person": person.id, "signature": SECRETS.unsubscription(person.id)}  # type: ignore[arg-type]
    wrong = httpx.post(f"{person.house.url}/v1/unsubscriptions", params={**signed, "signature": "0" * 64})
    assert wrong.status_code == 404
    assert httpx.post(f"{person.house.url}/v1/unsubscriptions", params=signed).status_code == 204
    assert person.http.get("/v1/consents").json()["data"][0]["withdrawn_at"] is not None
    admin.post("/v1/newsletters", json={"name": "second-of-all", **NEWS})
    for somebody in (person, stranger, silent):
        assert somebody.http.post("/v1/account/confirmation").status_code == 202
        until(lambda who=somebody: len([one for one in mailbox.of(who.email) if "Confirm" in one["Subject"]]) == 2)
        news = [one for one in mailbox.of(somebody.email) if one["Subject"] == "Summer"]
        assert len(news) == (1 if somebody is person else 0)


def test_p11_1_a_new_policy_is_announced_fourteen_days_ahead(
    patient_house: House, clock: ManualClock, mailbox: Mailbox
) -> None:
    """Everybody gets an e-mail, the policy's page shows what comes, and for 14 days it cannot take effect."""
    check_fourteen_days(patient_house, clock, mailbox, "policy", "2026-06-01")


def test_p5_5_a_new_owner_is_announced_fourteen_days_ahead(
    patient_house: House, clock: ManualClock, mailbox: Mailbox
) -> None:
    """Everybody gets an e-mail, and for 14 days the business cannot change hands."""
    check_fourteen_days(patient_house, clock, mailbox, "transfer", "sale-2026")


def check_fourteen_days(house: House, clock: ManualClock, mailbox: Mailbox, kind: str, version: str) -> None:
    somebody, officer = newcomer(house), make_officer(newcomer(house)).http
    body = {"version": version, "kind": kind, "sha256": sha256(version.encode()).hexdigest()}
    assert officer.post("/v1/dpo/announcements", json=body).status_code == 201
    told = mailbox.wait_for(somebody.email, "privacy policy" if kind == "policy" else "new owner")
    assert version in text_of(told)

    def ready() -> bool:
        found = officer.get("/v1/dpo/announcements").json()["data"]
        return bool(next(one for one in found if one["version"] == version)["waiting"] == 0)

    until(ready)
    shown = httpx.get(f"{house.url}/v1/policy").json()["announced"]
    assert version in [one["version"] for one in shown]
    early = officer.post(f"/v1/dpo/announcements/{version}/effect")
    assert (early.status_code, early.json()["code"]) == (409, "conflict")
    clock.move(timedelta(days=14))
    done = make_officer(newcomer(house)).http.post(f"/v1/dpo/announcements/{version}/effect")
    assert done.status_code == 200, done.text
    assert done.json()["in_force_at"] is not None
