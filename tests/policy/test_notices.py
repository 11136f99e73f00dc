"""P4.1: notices, as they arrive at a mailbox."""

from datetime import timedelta

from governance.clock import ManualClock
from governance.model import Role
from tests.integration.house import House
from tests.integration.people import Person, newcomer
from tests.integration.waiting import until
from tests.support.mail import Mailbox, text_of
from tests.support.payments import Sandbox


def test_p4_1_orders_trainings_and_answers_are_told_of_once(
    person: Person, mailbox: Mailbox, payments_sandbox: Sandbox
) -> None:
    """A paid order, a model that is ready, and an answered request reach the mailbox, each once, in the language asked
    for."""
    assert person.http.patch("/v1/account", json={"language": "da"}).json()["language"] == "da"
    order = person.http.post("/v1/orders", json={"pack": "small"}).json()
    payments_sandbox.pay(order["client_secret"].split("_secret")[0])
    assert until(lambda: person.http.get(f"/v1/orders/{order['id']}").json()["state"] == "paid")
    person.train()
    request = person.http.post("/v1/rights", json={"right": "access"}).json()["id"]
    confirmed = mailbox.wait_for(person.email, "Din ordre")
    assert order["id"] in text_of(confirmed)
    mailbox.wait_for(person.email, "Din model er klar")
    assert request in text_of(mailbox.wait_for(person.email, "Din anmodning er besvaret"))
    # The letter at the beginning is in the language that was chosen when it left.
    welcome = ("Confirm your address", "Bekræft din adresse")
    told = [one["Subject"] for one in mailbox.of(person.email) if one["Subject"] not in welcome]
    assert len(told) == 3


def test_p4_1_an_answer_of_support_is_told_of(person: Person, stranger: Person, mailbox: Mailbox) -> None:
    """Who asked gets an e-mail with the ticket's number; the answer itself is read after signing in."""
    asked = person.http.post("/v1/support/tickets", files=[("message", (None, "Hej"))]).json()["id"]
    answers = f"/v1/support/queue/{asked}/answers"
    assert stranger.works_as(Role.SUPPORT).post(answers, json={"message": "Everything is in your copy."}).is_success
    letter = text_of(mailbox.wait_for(person.email, "We have answered your question"))
    assert asked in letter
    assert "copy" not in letter


def test_p4_1_what_expires_is_announced_three_days_before(
    patient_house: House, clock: ManualClock, mailbox: Mailbox
) -> None:
    """Three days before a model goes by itself its owner is told, on what day and of how many; not earlier."""
    somebody = newcomer(patient_house)
    somebody.train()
    mailbox.wait_for(somebody.email, "Your model is ready")
    clock.move(timedelta(days=26))
    house_is_up_to_date = newcomer(patient_house)
    house_is_up_to_date.train()
    mailbox.wait_for(house_is_up_to_date.email, "Your model is ready")
    assert [one["Subject"] for one in mailbox.of(somebody.email)] == ["Confirm your address", "Your model is ready"]
    clock.move(timedelta(days=2))
    letter = mailbox.wait_for(somebody.email, "Soon to be erased: 1 ")
    assert (clock() + timedelta(days=2)).date().isoformat() in text_of(letter)
