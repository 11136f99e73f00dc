"""Stripe, through its official library: customers, payments, and signed events.

What an event says is not believed but looked up: events come twice, late, and in any order; a payment's state does not.
Every call that makes something names an idempotency key, so that repeating it after a crash makes nothing twice.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import stripe

from governance.config import PaymentSettings
from governance.money.model import Order, Payment
from governance.processors.payments import stripe_client
from serve_apps.config import BillingSettings
from serve_apps.ingress.errors import Busy, Invalid

TOLERANCE_S = 300
RETRY_S = 5.0


@dataclass(frozen=True, slots=True)
class Opened:
    """A payment that waits for its card: `secret` for the client's form, or `url` of a page to pay on."""

    payment: str | None
    secret: str | None = field(default=None, repr=False)
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """An event with a valid signature: which payment or order it is about, if any. `seal`: what the payment was marked
    with when it was begun."""

    id: str
    payment: str | None
    order: str | None
    seal: str | None = None


class Till(Protocol):
    """The interface; `StripeTill` is the real one."""

    async def customer(self, pseudonym: str) -> str | None:
        """The id of a customer without a name; None where no processor is told of anybody."""

    async def open(self, order: Order, customer: str | None, seal: str) -> Opened:
        """Begins the payment of an order, or gives the one begun before. `seal` marks it as this installation's."""

    async def look(self, payment: str) -> Payment:
        """What became of a payment so far."""

    async def give_back(self, payment: str) -> None:
        """Refunds all of a payment."""

    def hear(self, body: bytes, signature: str) -> Heard:
        """Checks the signature over the raw body. `Invalid` when it is wrong or too old."""


class StripeTill:
    """`return_url`: where Stripe's own page leads back to; None where the client has a form of its own."""

    def __init__(self, settings: PaymentSettings, webhook_secret: str, return_url: str | None = None) -> None:
        self._stripe, self._webhook_secret, self._return_url = stripe_client(settings), webhook_secret, return_url

    async def customer(self, pseudonym: str) -> str:
        """See `Till.customer`; raises `Busy`."""
        try:
            made = await self._stripe.v1.customers.create_async(
                {"metadata": {"pseudonym": pseudonym}}, {"idempotency_key": f"customer-{pseudonym}"}
            )
        except stripe.StripeError as error:
            raise _unanswered(error) from None
        return made.id

    async def open(self, order: Order, customer: str | None, seal: str) -> Opened:
        """See `Till.open`; raises `Busy`."""
        assert customer is not None, "every payment at the processor has one"
        try:
            if order.payment is not None:
                begun = await self._stripe.v1.payment_intents.retrieve_async(order.payment)
                return Opened(begun.id, begun.client_secret)
            if self._return_url is not None:
                return await self._page(order, customer, seal, self._return_url)
            made = await self._stripe.v1.payment_intents.create_async(
                {
                    "amount": order.amount,
                    "currency": order.currency,
                    "customer": customer,
                    "metadata": {"order": order.id, "seal": seal},
                },
                {"idempotency_key": f"payment-{order.id}"},
            )
        except stripe.StripeError as error:
            raise _unanswered(error) from None
        return Opened(made.id, made.client_secret)

    async def _page(self, order: Order, customer: str, seal: str, return_url: str) -> Opened:
        session = await self._stripe.v1.checkout.sessions.create_async(
            {
                "mode": "payment",
                "customer": customer,
                "client_reference_id": order.id,
                "success_url": return_url,
                "metadata": {"order": order.id, "seal": seal},
                "payment_intent_data": {"metadata": {"order": order.id, "seal": seal}},
                "line_items": [
                    {
                        "quantity": 1,
                        "price_data": {
                            "currency": order.currency,
                            "unit_amount": order.amount,
                            "product_data": {"name": f"{order.credits} credits"},
                        },
                    }
                ],
            },
            {"idempotency_key": f"page-{order.id}"},
        )
        return Opened(None, url=session.url)

    async def look(self, payment: str) -> Payment:
        """See `Till.look`; raises `Busy`."""
        try:
            found = await self._stripe.v1.payment_intents.retrieve_async(payment, {"expand": ["latest_charge"]})
        except stripe.StripeError as error:
            raise _unanswered(error) from None
        return payment_of(found.to_dict())

    async def give_back(self, payment: str) -> None:
        """See `Till.give_back`; raises `Busy`."""
        try:
            await self._stripe.v1.refunds.create_async(
                {"payment_intent": payment}, {"idempotency_key": f"refund-{payment}"}
            )
        except stripe.StripeError as error:
            raise _unanswered(error) from None

    def hear(self, body: bytes, signature: str) -> Heard:
        """See `Till.hear`."""
        try:
            event = stripe.Webhook.construct_event(body, signature, self._webhook_secret, TOLERANCE_S)
        except (ValueError, stripe.SignatureVerificationError):
            raise Invalid("the signature does not belong to this body, or is too old", code="bad_signature") from None
        return heard(event.to_dict())


def payment_of(raw: Mapping[str, Any]) -> Payment:
    """Of a PaymentIntent with its latest charge expanded."""
    charge = raw.get("latest_charge")
    paid = raw["status"] == "succeeded"
    return Payment(
        received=raw.get("amount_received") or (raw["amount"] if paid else 0),
        refunded=charge.get("amount_refunded", 0) if isinstance(charge, Mapping) else 0,
        canceled=raw["status"] == "canceled",
        currency=raw["currency"],
    )


def heard(event: Mapping[str, Any]) -> Heard:
    """What an event is about, whatever its type."""
    about: Mapping[str, Any] = event["data"]["object"]
    payment = about["id"] if about.get("object") == "payment_intent" else about.get("payment_intent")
    metadata = about.get("metadata") or {}
    order = metadata.get("order") or about.get("client_reference_id")
    return Heard(event["id"], payment, order, metadata.get("seal"))


def _unanswered(error: stripe.StripeError) -> Busy:
    return Busy(
        f"the payment processor did not do it ({type(error).__name__}); try again",
        code="payments_unavailable",
        retry_after_s=RETRY_S,
    )


def till_for(settings: BillingSettings) -> Till | None:
    """What the settings name; None where nothing is sold. `ValueError` when a secret is missing."""
    if settings.payments is None:
        return None
    if settings.webhook_secret_file is None:
        raise ValueError("billing.payments needs billing.webhook_secret_file, to check the processor's events with")
    return StripeTill(settings.payments, settings.webhook_secret_file.read_text().strip(), settings.return_url)
