"""Stripe as we call it and hear it, without a network."""

import json
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs

import httpx
import pytest
import stripe

from governance.config import PaymentSettings
from governance.ids import OrderId, SubjectId
from governance.money.model import Order, OrderState, Payment
from serve_apps.billing.till import Heard, StripeTill, heard, payment_of, till_for
from serve_apps.config import BillingSettings
from serve_apps.ingress.errors import Busy, Invalid
from tests.support.payments import signed

SECRET = "whsec_test"


def order() -> Order:
    made = datetime(2026, 1, 1, tzinfo=UTC)
    return Order(
        OrderId.new(), SubjectId.new(), "small", 100, 4900, "dkk", OrderState.CREATED, None, 0, 0, None, made, None
    )


def settings(folder: Path) -> PaymentSettings:
    key = folder / "key"
    key.write_text("sk_test_1\n")
    return PaymentSettings(secret_file=key, api_base="http://stripe.test")


def till(folder: Path, answer: httpx.Response, seen: list[httpx.Request], return_url: str | None = None) -> StripeTill:
    """A till whose calls are answered here."""

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return answer

    made = StripeTill(settings(folder), SECRET, return_url)
    http = stripe.HTTPXClient()
    http._client_async = httpx.AsyncClient(transport=httpx.MockTransport(handle))
    made._stripe = stripe.StripeClient(
        "sk_test_1", base_addresses={"api": "http://stripe.test"}, http_client=http, max_network_retries=0
    )
    return made


async def test_a_page_to_pay_on_where_the_account_supports_it(tmp_path: Path) -> None:
    seen: list[httpx.Request] = []
    session = {"id": "cs_1", "object": "checkout.session", "url": "https://checkout.test/1"}
    wanted = order()
    opened = await till(tmp_path, httpx.Response(200, json=session), seen, "https://app.test/paid").open(
        wanted, "cus_1", "abc"
    )
    assert (opened.payment, opened.url) == (None, "https://checkout.test/1")
    form = parse_qs(seen[0].content.decode())
    assert form["client_reference_id"] == [wanted.id]
    assert form["line_items[0][price_data][unit_amount]"] == ["4900"]
    for metadata in ("metadata", "payment_intent_data[metadata]"):
        assert (form[f"{metadata}[order]"], form[f"{metadata}[seal]"]) == ([wanted.id], ["abc"])
    assert seen[0].headers["idempotency-key"] == f"page-{wanted.id}"


async def test_a_customer_has_no_name(tmp_path: Path) -> None:
    seen: list[httpx.Request] = []
    answer = httpx.Response(200, json={"id": "cus_1", "object": "customer"})
    assert await till(tmp_path, answer, seen).customer("abc") == "cus_1"
    assert parse_qs(seen[0].content.decode()) == {"metadata[pseudonym]": ["abc"]}


async def test_a_processor_in_trouble_is_told_as_busy(tmp_path: Path) -> None:
    broken = till(tmp_path, httpx.Response(500, json={"error": {"message": "oh"}}), [])
    calls = (broken.customer("a"), broken.open(order(), "cus_1", "a"), broken.look("pi_1"), broken.give_back("pi_1"))
    for call in calls:
        with pytest.raises(Busy) as busy:
            await call
        assert busy.value.stable_code == "payments_unavailable"


@pytest.mark.parametrize(
    ("raw", "payment"),
    [
        ({"status": "succeeded", "amount": 5, "currency": "dkk"}, Payment(5, 0, False, "dkk")),
        ({"status": "canceled", "amount": 5, "currency": "dkk"}, Payment(0, 0, True, "dkk")),
        (
            {"status": "processing", "amount": 5, "amount_received": 2, "currency": "dkk", "latest_charge": "ch_1"},
            Payment(2, 0, False, "dkk"),
        ),
        (
            {"status": "succeeded", "amount": 5, "currency": "dkk", "latest_charge": {"amount_refunded": 3}},
            Payment(5, 3, False, "dkk"),
        ),
    ],
)
def test_what_became_of_a_payment(raw: dict[str, object], payment: Payment) -> None:
    assert payment_of(raw) == payment


def test_the_seal_comes_back_with_the_event() -> None:
    about = {"object": "payment_intent", "id": "pi_1", "metadata": {"order": "ord_1", "seal": "abc"}}
    assert heard({"id": "evt_1", "data": {"object": about}}).seal == "abc"


@pytest.mark.parametrize(
    ("about", "payment", "named"),
    [
        ({"object": "payment_intent", "id": "pi_1", "metadata": {"order": "ord_1"}}, "pi_1", "ord_1"),
        ({"object": "charge", "id": "ch_1", "payment_intent": "pi_1"}, "pi_1", None),
        ({"object": "checkout.session", "payment_intent": "pi_1", "client_reference_id": "ord_1"}, "pi_1", "ord_1"),
        ({"object": "customer", "id": "cus_1"}, None, None),
    ],
)
def test_what_an_event_is_about(about: dict[str, object], payment: str | None, named: str | None) -> None:
    assert heard({"id": "evt_1", "data": {"object": about}}) == Heard("evt_1", payment, named)


def test_only_signed_bodies_are_heard(tmp_path: Path) -> None:
    mine = StripeTill(settings(tmp_path), SECRET)
    event: dict[str, object] = {"id": "evt_1", "object": "event", "data": {"object": {"object": "customer"}}}
    body, signature = signed(event, SECRET)
    assert mine.hear(body, signature) == Heard("evt_1", None, None)
    spoiled = json.dumps(event).encode()
    for wrong in ((spoiled, signature), (body, "t=1,v1=00"), (body, "")):
        with pytest.raises(Invalid):
            mine.hear(*wrong)


def test_the_settings_say_whether_anything_is_sold(tmp_path: Path) -> None:
    assert till_for(BillingSettings()) is None
    with pytest.raises(ValueError, match="webhook_secret_file"):
        till_for(BillingSettings(payments=settings(tmp_path)))
