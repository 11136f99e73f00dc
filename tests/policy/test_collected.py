"""P3: what is collected."""

import logging

import httpx
import pytest

from governance.model import Purpose
from governance.policy import shipped
from tests.integration.house import House
from tests.integration.people import PASSWORD, Person, newcomer, sign_up_body
from tests.policy.evidence import rows


def test_p3_1_a_password_is_kept_as_an_argon2id_hash_alone(house: House, person: Person) -> None:
    """Nowhere in the database is the password; what is there is Argon2id's text."""
    stored = rows(house)
    assert b"$argon2id$" in stored
    assert PASSWORD.encode() not in stored
    assert person.email.encode() not in stored


def test_p3_3_no_payment_details_reach_the_service(house: House, person: Person) -> None:
    """An order takes no card; one that is sent along is refused and kept nowhere."""
    card = "4242424242424242"
    answer = person.http.post("/v1/orders", json={"pack": "small", "card_number": card})
    assert answer.status_code == 422
    assert card not in answer.text
    assert person.http.post("/v1/orders", json={"pack": "small"}).status_code == 201
    fields = httpx.get(f"{house.url}/openapi.json").text
    assert not any(word in fields for word in ("card_number", "cvc", "cvv"))
    assert card.encode() not in rows(house)


def test_p3_4_photos_are_bound_to_the_model_and_its_pictures(person: Person) -> None:
    """An upload says what for; only the model's purposes, safety and the person's own rights read photos."""
    [photo] = person.upload(1)
    assert person.http.get(f"/v1/artifacts/{photo}").json()["purpose"] == "training"
    readers = {purpose for purpose, rule in shipped().purposes.items() if "photo" in rule.reads}
    allowed = {Purpose.TRAINING, Purpose.DELIVERY, Purpose.EXPORT, Purpose.IDENTITY_CHECK, Purpose.SECURITY}
    assert readers <= allowed


def test_p3_6_device_and_connection_are_not_stored(house: House, caplog: pytest.LogCaptureFixture) -> None:
    """After a visit neither the browser nor the address is in the database or the log, not even shortened."""
    browser = "Netscape/9.9 (Commodore 64)"
    with caplog.at_level(logging.DEBUG):
        http = httpx.Client(base_url=house.url, headers={"User-Agent": browser})
        body = sign_up_body("visitor@example.org")
        assert http.post("/v1/accounts", json=body).status_code == 201
        wrong = {"email": "visitor@example.org", "password": "not the password"}
        assert http.post("/v1/sessions", json=wrong).status_code == 401
    ours = [
        record.getMessage() for record in caplog.records if record.name.split(".")[0] in ("pixreunion", "governance")
    ]
    for told in (rows(house), "\n".join(ours).encode()):
        assert browser.encode() not in told
        assert b"127.0.0.1" not in told
    assert newcomer(house).http.get("/v1/account").status_code == 200
