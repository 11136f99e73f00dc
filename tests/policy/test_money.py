"""P4.6 and P6.3: payments, and what the law keeps of them."""

from uuid import uuid4

import httpx

from governance.ids import OrderId
from governance.model import JobId, JobOutcome, JobState
from tests.integration.house import House
from tests.integration.people import Person
from tests.integration.waiting import until
from tests.support.payments import Sandbox, signed


def available(person: Person) -> int:
    return int(person.http.get("/v1/credits").json()["available"])


def ordered(house: House, person: Person) -> tuple[str, str]:
    """An order and its payment at the processor."""
    order = str(person.http.post("/v1/orders", json={"pack": "small"}).json()["id"])
    payment = house.call(house.governance.order(OrderId(order))).payment
    assert payment is not None
    return order, payment


def test_p4_6_only_what_the_processor_signed_and_says_itself_is_believed(
    house: House, person: Person, payments_sandbox: Sandbox
) -> None:
    """An event without its signature is refused, one that claims too much brings nothing, and credits come once."""
    before, (order, payment) = available(person), ordered(house, person)
    about = {"object": "payment_intent", "id": payment, "metadata": {"order": order}}
    event: dict[str, object] = {"id": f"evt_{uuid4().hex}", "object": "event", "type": "payment_intent.succeeded"}
    event["data"] = {"object": about}
    path = f"{house.url}/v1/payments/events"
    body, signature = signed(event)
    assert httpx.post(path, content=body, headers={"Stripe-Signature": "t=1,v1=0"}).status_code == 422
    assert httpx.post(path, content=body, headers={"Stripe-Signature": signature}, timeout=60).status_code == 200
    assert available(person) == before
    payments_sandbox.pay(payment)
    for _ in range(2):
        body, signature = signed({**event, "id": f"evt_{uuid4().hex}"})
        assert httpx.post(path, content=body, headers={"Stripe-Signature": signature}, timeout=60).status_code == 200
    assert available(person) == before + 100


def test_p4_6_nothing_is_charged_that_was_not_produced(house: House, person: Person) -> None:
    """A training sets its price aside and gives it back when no model comes of it."""
    before, photos = available(person), person.upload()
    job = JobId(person.http.post("/v1/trainings", json={"photos": photos, "preset": "fast"}).json()["id"])
    assert available(person) < before
    [claimed] = house.call(house.governance.claim_jobs("worker", 1, ids=[job]))
    house.call(house.governance.finish_job(job, claimed.attempt, JobOutcome(JobState.FAILED, code="unlike")))
    assert available(person) == before


def test_p6_3_only_a_pseudonym_of_a_payment_outlives_its_person(
    house: House, person: Person, payments_sandbox: Sandbox
) -> None:
    """After the erasure the paid order has no owner and the account is gone; one that was never paid is gone too."""
    order, payment = ordered(house, person)
    payments_sandbox.pay(payment)
    until(lambda: person.http.get(f"/v1/orders/{order}").json()["state"] == "paid")
    request = person.http.delete("/v1/account").json()["id"]
    until(lambda: person.http.get(f"/v1/requests/{request}").json()["state"] == "completed")
    kept = house.call(house.governance.order(OrderId(order)))
    assert (kept.owner, kept.paid) == (None, 4900)
    assert person.http.get(f"/v1/orders/{order}").status_code == 410
