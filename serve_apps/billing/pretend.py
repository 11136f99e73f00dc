"""Payments of an installation in test mode: every one succeeds, no processor is asked and no money moves."""

from governance.errors import NotFound
from governance.money.model import Order, Payment
from serve_apps.billing.till import Heard, Opened
from serve_apps.ingress.errors import Invalid

_PREFIX = "test"


class PretendTill:
    """A `Till` whose payments carry in their names what was paid, since nobody else remembers it."""

    async def customer(self, pseudonym: str) -> None:
        """Nobody is told of anybody."""

    async def open(self, order: Order, customer: str | None, seal: str) -> Opened:
        """See `Till.open`; paid as soon as somebody looks at the order."""
        payment = f"{_PREFIX}_{order.amount}_{order.currency}_{order.id.digits}"
        return Opened(payment, f"{payment}_secret")

    async def look(self, payment: str) -> Payment:
        """See `Till.look`. `NotFound` for payments that were not made here."""
        parts = payment.split("_")
        if len(parts) != 4 or parts[0] != _PREFIX or not parts[1].isdigit():
            raise NotFound("this payment was not made in test mode")
        return Payment(int(parts[1]), 0, False, parts[2])

    async def give_back(self, payment: str) -> None:
        """There is nothing to give back."""

    def hear(self, body: bytes, signature: str) -> Heard:
        """No processor sends events here."""
        raise Invalid("an installation in test mode hears no payment processor", code="bad_signature")
