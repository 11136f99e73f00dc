"""Credits over HTTP: bought at the sandbox of the payment processor, spent on trainings and pictures."""

import time
from collections.abc import Callable
from uuid import uuid4

import httpx
import pytest

from governance.errors import NotFound
from governance.ids import OrderId, SubjectId
from governance.model import Charge, JobId, JobOutcome, JobState, NewRun, Purpose, RunState
from governance.money.model import OrderState
from tests.integration.house import House
from tests.integration.people import Person, finish
from tests.integration.waiting import until
from tests.support.payments import KEY, WEBHOOK_SECRET, Sandbox, signed

EVENTS = "/v1/payments/events"


def credits_of(person: Person) -> tuple[int, int]:
    wallet = person.http.get("/v1/credits").json()
    return wallet["available"], wallet["held"]


def payment_of(house: House, order: str) -> str:
    found = house.call(house.governance.order(OrderId(order)))
    assert found.payment is not None
    return found.payment


def event(kind: str, payment: str, order: str | None = None) -> dict[str, object]:
    about = {"object": "payment_intent", "id": payment, "metadata": {"order": order} if order else {}}
    return {"id": f"evt_{uuid4().hex}", "object": "event", "type": kind, "data": {"object": about}}


def tell(house: House, body: bytes, signature: str) -> httpx.Response:
    return httpx.post(f"{house.url}{EVENTS}", content=body, headers={"Stripe-Signature": signature}, timeout=30)


def ordered(person: Person, pack: str = "small") -> dict[str, object]:
    answer = person.http.post("/v1/orders", json={"pack": pack}, headers={"Idempotency-Key": uuid4().hex})
    assert answer.status_code == 201, answer.text
    body: dict[str, object] = answer.json()
    return body


def test_a_pack_is_paid_and_its_credits_come_by_the_signed_event(
    house: House, person: Person, payments_sandbox: Sandbox
) -> None:
    before, _ = credits_of(person)
    order = ordered(person)
    assert (order["state"], order["amount"], order["currency"]) == ("created", 4900, "dkk")
    payment = payment_of(house, str(order["id"]))
    assert str(order["client_secret"]).startswith(payment)
    assert person.http.get(f"/v1/orders/{order['id']}/receipt").json()["code"] == "not_ready"
    assert payments_sandbox.pay(payment) == "succeeded"
    until(lambda: credits_of(person) == (before + 100, 0))
    receipt = person.http.get(f"/v1/orders/{order['id']}/receipt").json()
    assert (receipt["amount"], receipt["vat"], receipt["seller"]) == (4900, 980, "PixReunion")
    [line] = [each for each in person.http.get("/v1/credits/entries").json()["data"] if each["kind"] == "purchase"]
    assert line["change"] == {"available": 100}
    [listed] = person.http.get("/v1/orders").json()["data"]
    assert (listed["id"], listed["state"]) == (order["id"], "paid")
    assert listed["client_secret"] is None


def test_events_twice_late_and_in_any_order_fulfil_once(
    house: House, person: Person, payments_sandbox: Sandbox
) -> None:
    before, _ = credits_of(person)
    order = ordered(person)
    payment = payment_of(house, str(order["id"]))
    early = signed(event("payment_intent.succeeded", payment))
    assert tell(house, *early).status_code == 200
    assert credits_of(person) == (before, 0), "an event alone brings nothing: the payment is looked up"
    payments_sandbox.pay(payment)
    charge = {"object": "charge", "id": "ch_1", "payment_intent": payment}
    refunded = {"id": "evt_" + uuid4().hex, "object": "event", "type": "charge.refunded", "data": {"object": charge}}
    told = [refunded, event("payment_intent.succeeded", payment), event("payment_intent.created", payment)]
    for each in [*told, *reversed(told), *told]:
        assert tell(house, *signed(each)).status_code == 200
    assert credits_of(person) == (before + 100, 0)
    payments_sandbox.client().v1.refunds.create({"payment_intent": payment})
    assert tell(house, *signed(event("charge.refunded", payment))).status_code == 200
    assert tell(house, *signed(event("payment_intent.succeeded", payment))).status_code == 200
    assert credits_of(person) == (before, 0)
    assert person.http.get(f"/v1/orders/{order['id']}").json()["state"] == "refunded"


def test_an_event_whose_payment_was_never_noted_is_found_by_its_order(
    house: House, person: Person, payments_sandbox: Sandbox
) -> None:
    """The process died between making the payment and noting it; the client never asked again."""
    order = ordered(person)
    client = payments_sandbox.client()
    other = client.v1.payment_intents.create({"amount": 4900, "currency": "dkk", "metadata": {"order": "ord_1"}})
    assert tell(house, *signed(event("payment_intent.succeeded", other.id, "ord_1"))).status_code == 200
    answer = tell(house, *signed(event("payment_intent.succeeded", other.id, str(order["id"]))))
    assert answer.status_code == 409, "this order has a payment of its own"


@pytest.mark.parametrize("how", ["unsigned", "other secret", "changed", "old"])
def test_an_event_without_a_good_signature_is_refused(house: House, how: str) -> None:
    body, signature = signed(event("payment_intent.succeeded", "pi_1"))
    spoil: dict[str, Callable[[], tuple[bytes, str]]] = {
        "unsigned": lambda: (body, ""),
        "other secret": lambda: signed(event("payment_intent.succeeded", "pi_1"), "whsec_other"),
        "changed": lambda: (body.replace(b"pi_1", b"pi_2"), signature),
        "old": lambda: signed(event("payment_intent.succeeded", "pi_1"), WEBHOOK_SECRET, int(time.time()) - 301),
    }
    answer = tell(house, *spoil[how]())
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_signature")


def test_a_declined_card_brings_nothing(house: House, person: Person, payments_sandbox: Sandbox) -> None:
    before = credits_of(person)
    order = ordered(person)
    payment = payment_of(house, str(order["id"]))
    assert payments_sandbox.pay(payment, "declined") == "requires_payment_method"
    assert tell(house, *signed(event("payment_intent.payment_failed", payment))).status_code == 200
    assert credits_of(person) == before
    assert person.http.get(f"/v1/orders/{order['id']}").json()["state"] == "created"


def test_a_lost_event_is_made_up_for_when_somebody_looks(
    house: House, person: Person, payments_sandbox: Sandbox
) -> None:
    order = ordered(person)
    payments_sandbox.pay(payment_of(house, str(order["id"])))
    assert person.http.get(f"/v1/orders/{order['id']}").json()["state"] == "paid"


def test_a_repeated_order_is_the_same_order_and_payment(house: House, person: Person) -> None:
    key = {"Idempotency-Key": uuid4().hex}
    first = person.http.post("/v1/orders", json={"pack": "small"}, headers=key).json()
    assert person.http.post("/v1/orders", json={"pack": "small"}, headers=key).json() == first
    answer = person.http.post("/v1/orders", json={"pack": "large"}, headers=key)
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert person.http.post("/v1/orders", json={"pack": "free"}).json()["code"] == "unknown_pack"


def test_orders_are_their_owner_s_alone(person: Person, stranger: Person) -> None:
    order = ordered(person)
    for path in (f"/v1/orders/{order['id']}", f"/v1/orders/{order['id']}/receipt", "/v1/orders/ord_x"):
        assert stranger.http.get(path).status_code == 404
    assert stranger.http.get("/v1/orders").json()["data"] == []


def test_trainings_and_pictures_are_paid_for_what_they_made(house: House, person: Person) -> None:
    before, _ = credits_of(person)
    photos = person.upload()
    job = JobId(person.http.post("/v1/trainings", json={"photos": photos, "preset": "fast"}).json()["id"])
    assert credits_of(person) == (before - 20, 20)
    [claimed] = house.call(house.governance.claim_jobs("worker", 1, ids=[job]))
    failed = JobOutcome(JobState.FAILED, code="unlike")
    house.call(house.governance.finish_job(job, claimed.attempt, failed))
    assert credits_of(person) == (before, 0)
    job = JobId(person.http.post("/v1/trainings", json={"photos": photos, "preset": "fast"}).json()["id"])
    [claimed] = house.call(house.governance.claim_jobs("worker", 1, ids=[job]))
    model = house.call(finish(house, claimed, seed=1))
    assert credits_of(person) == (before - 20, 0)
    assert person.picture(model=model, n=2).status_code == 200
    assert credits_of(person) == (before - 22, 0)


def test_without_credits_nothing_begins(house: House, person: Person) -> None:
    photos = person.upload()
    available, _ = credits_of(person)
    spent = NewRun(Purpose.GENERATION, (SubjectId(person.id),), charge=Charge(available))
    run = house.call(house.governance.start_run(spent))
    answer = person.http.post("/v1/trainings", json={"photos": photos, "preset": "fast"})
    assert (answer.status_code, answer.json()["code"]) == (402, "not_enough_credits")
    refused = person.picture()
    assert (refused.status_code, refused.json()["error"]["code"]) == (402, "not_enough_credits")
    house.call(house.governance.finish_run(run.id, RunState.CANCELED))
    assert credits_of(person) == (available, 0)


def test_an_erasure_reaches_the_processor_and_leaves_a_pseudonym(
    house: House, person: Person, payments_sandbox: Sandbox
) -> None:
    order = ordered(person)
    payment = payment_of(house, str(order["id"]))
    customer = house.call(house.governance.customer(SubjectId(person.id)))
    payments_sandbox.pay(payment)
    until(lambda: person.http.get(f"/v1/orders/{order['id']}").json()["state"] == "paid")
    request = person.http.delete("/v1/account").json()["id"]
    until(lambda: person.http.get(f"/v1/requests/{request}").json()["state"] == "completed")
    found = httpx.get(f"{payments_sandbox.url}/v1/customers/{customer}", auth=(KEY, ""))
    assert found.status_code == 404 or found.json().get("deleted")
    certificate = person.http.get(f"/v1/requests/{request}/certificate").text
    assert '"stripe"' in certificate
    kept = house.call(house.governance.order(OrderId(str(order["id"]))))
    assert (kept.owner, kept.paid) == (None, 4900)


def erase(person: Person) -> None:
    request = person.http.delete("/v1/account").json()["id"]
    until(lambda: person.http.get(f"/v1/requests/{request}").json()["state"] == "completed")


def received(sandbox: Sandbox, payment: str) -> tuple[str, int]:
    """State of a payment at the processor, and what of it was given back."""
    found = sandbox.client().v1.payment_intents.retrieve(payment, {"expand": ["latest_charge"]}).to_dict()
    charge = found.get("latest_charge")
    return found["status"], charge["amount_refunded"] if isinstance(charge, dict) else 0


def begun_and_never_noted(sandbox: Sandbox, order: dict[str, object], payment: str) -> str:
    """Another payment with the same marks, as on a page of the processor's that stays open after the erasure."""
    client = sandbox.client()
    marks = client.v1.payment_intents.retrieve(payment).to_dict()["metadata"]
    assert marks["order"] == order["id"]
    late = client.v1.payment_intents.create({"amount": 4900, "currency": "dkk", "metadata": marks})
    assert sandbox.pay(late.id) == "succeeded"
    return str(late.id)


def test_paid_after_the_person_was_erased_the_money_goes_back_and_nothing_is_kept(
    house: House, person: Person, payments_sandbox: Sandbox
) -> None:
    order = ordered(person)
    payment = payment_of(house, str(order["id"]))
    erase(person)
    with pytest.raises(NotFound):
        house.call(house.governance.order(OrderId(str(order["id"]))))
    late = begun_and_never_noted(payments_sandbox, order, payment)
    until(lambda: received(payments_sandbox, late) == ("succeeded", 4900))
    again = event("payment_intent.succeeded", late, str(order["id"]))
    marks = payments_sandbox.client().v1.payment_intents.retrieve(late).to_dict()["metadata"]
    again["data"] = {"object": {"object": "payment_intent", "id": late, "metadata": marks}}
    assert tell(house, *signed(again)).status_code == 200
    assert received(payments_sandbox, late) == ("succeeded", 4900)
    assert house.call(house.governance.order_of_payment(late)) is None


def test_a_payment_that_was_not_begun_here_is_left_alone(house: House, payments_sandbox: Sandbox) -> None:
    """Another installation shares the account at the processor: its orders are unknown here, and its seals wrong."""
    marks = {"order": OrderId.new(), "seal": "0" * 64}
    other = payments_sandbox.client().v1.payment_intents.create({"amount": 4900, "currency": "dkk", "metadata": marks})
    assert payments_sandbox.pay(other.id) == "succeeded"
    told = event("payment_intent.succeeded", other.id)
    told["data"] = {"object": {"object": "payment_intent", "id": other.id, "metadata": marks}}
    assert tell(house, *signed(told)).status_code == 200
    assert received(payments_sandbox, other.id) == ("succeeded", 0)


def test_what_was_paid_before_the_erasure_stays_paid(
    house: House, person: Person, payments_sandbox: Sandbox
) -> None:
    """Later news of a payment is no reason to give it back; another order of the same person that is paid late is."""
    first, second = ordered(person), ordered(person)
    paid, open_ = payment_of(house, str(first["id"])), payment_of(house, str(second["id"]))
    payments_sandbox.pay(paid)
    until(lambda: person.http.get(f"/v1/orders/{first['id']}").json()["state"] == "paid")
    erase(person)
    assert tell(house, *signed(event("charge.updated", paid))).status_code == 200
    assert received(payments_sandbox, paid) == ("succeeded", 0)
    assert received(payments_sandbox, open_)[0] == "canceled"
    assert house.call(house.governance.order(OrderId(str(second["id"])))).state is OrderState.CREATED
