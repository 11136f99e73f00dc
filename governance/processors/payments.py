"""Stripe: it has a customer without a name for each person who paid, and takes their card details itself (P3.3)."""

from typing import Protocol

import stripe

from governance.audit.certificate import ProcessorAnswer
from governance.config import PaymentSettings
from governance.errors import KeyUnavailable, Unavailable
from governance.model import RequestId, SubjectId
from governance.money.money import FIELDS, PROCESSOR
from governance.processors.processor import Registration

_NOT_FOUND = 404
_RETRIES = 2


class Customers(Protocol):
    """Who a person is at Stripe; `money.Money` knows."""

    async def customer(self, owner: SubjectId) -> str | None: ...

    async def open_payments(self, owner: SubjectId) -> list[str]: ...


class StripePayments:
    """Stripe in the register of processors. What it must keep of payments by law it keeps under its own duty, without
    a customer."""

    def __init__(self, settings: PaymentSettings, customers: Customers) -> None:
        self._stripe, self._customers = stripe_client(settings), customers
        self._registration = Registration(PROCESSOR, settings.region, "payments", FIELDS)

    @property
    def registration(self) -> Registration:
        return self._registration

    async def erase(self, subject: SubjectId, request: RequestId) -> ProcessorAnswer:
        """No payment can succeed any more, then the customer is deleted."""
        customer = await self._customers.customer(subject)
        try:
            for payment in await self._customers.open_payments(subject):
                await self._cancel(payment)
            if customer is None:
                return ProcessorAnswer.NOTHING_HELD
            await self._stripe.v1.customers.delete_async(customer)
        except stripe.InvalidRequestError as error:
            if error.http_status != _NOT_FOUND:
                raise Unavailable("the payment processor refused to delete a customer") from None
        except stripe.StripeError as error:
            raise Unavailable(f"the payment processor cannot be reached: {type(error).__name__}") from None
        return ProcessorAnswer.ERASED

    async def _cancel(self, payment: str) -> None:
        """One that has succeeded or was canceled stays what it is."""
        try:
            await self._stripe.v1.payment_intents.cancel_async(payment)
        except stripe.InvalidRequestError:
            return


def stripe_client(settings: PaymentSettings) -> stripe.StripeClient:
    """The official client with the key of the installation. `KeyUnavailable` when there is none."""
    try:
        key = settings.secret_file.read_text().strip()
    except OSError:
        raise KeyUnavailable(f"the payment processor's key is expected in {settings.secret_file}") from None
    return stripe.StripeClient(
        key,
        base_addresses={"api": settings.api_base} if settings.api_base else {},
        http_client=stripe.HTTPXClient(timeout=settings.timeout_s),
        max_network_retries=_RETRIES,
    )
