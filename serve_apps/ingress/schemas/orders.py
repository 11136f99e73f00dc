"""Credits, their journal, and the orders that bring them."""

from collections.abc import Mapping
from datetime import datetime

from pydantic import Field

from governance.money.model import Entry, Order, Wallet
from serve_apps.billing.orders import Begun
from serve_apps.billing.prices import Prices
from serve_apps.ingress.schemas.common import Answer, Body


class NewOrderBody(Body):
    """`pack`: one of `GET /v1/prices`."""

    pack: str = Field(min_length=1, max_length=40, examples=["small"])


class PackAnswer(Answer):
    """`amount` in the currency's smallest unit, VAT included."""

    credits: int = Field(examples=[100])
    amount: int = Field(examples=[4900])


class PricesAnswer(Answer):
    """What a picture and a training of each preset cost, in credits, and what credits cost."""

    object: str = "prices"
    currency: str = Field(examples=["dkk"])
    vat_percent: int = Field(examples=[25])
    picture: int = Field(examples=[1])
    trainings: dict[str, int] = Field(examples=[{"fast": 20}])
    packs: dict[str, PackAnswer]


class WalletAnswer(Answer):
    """`available` credits may be spent; `held` ones are set aside for work under way."""

    object: str = "credits"
    available: int = Field(examples=[480])
    held: int = Field(examples=[20])


class EntryAnswer(Answer):
    """One line of the journal: `change` of your available and held credits."""

    object: str = "entry"
    id: str = Field(examples=["ent_01a20baf9dd6707993b5dc044a7a3ac2"])
    kind: str = Field(examples=["capture"])
    change: dict[str, int] = Field(examples=[{"held": -20}])
    at: datetime


class OrderAnswer(Answer):
    """`client_secret` is for the payment processor's own form in the client, `payment_url` a page to pay on; neither is
    there once nothing is left to pay."""

    object: str = "order"
    id: str = Field(examples=["ord_01a20baf9dd6707993b5dc044a7a3ac2"])
    pack: str = Field(examples=["small"])
    credits: int = Field(examples=[100])
    amount: int = Field(examples=[4900])
    currency: str = Field(examples=["dkk"])
    state: str = Field(examples=["created"])
    refunded: int = Field(examples=[0])
    created_at: datetime
    paid_at: datetime | None
    client_secret: str | None = Field(default=None, repr=False)
    payment_url: str | None = None


class ReceiptAnswer(Answer):
    """`vat` is contained in `amount`."""

    object: str = "receipt"
    number: int = Field(examples=[17])
    order: str
    seller: str = Field(examples=["PixReunion"])
    seller_address: str
    description: str = Field(examples=["100 credits"])
    amount: int = Field(examples=[4900])
    vat: int = Field(examples=[980])
    currency: str = Field(examples=["dkk"])
    refunded: int = Field(examples=[0])
    paid_at: datetime


class Received(Answer):
    received: bool = True


def prices_answer(prices: Prices) -> PricesAnswer:
    return PricesAnswer.model_validate(prices.model_dump())


def wallet_answer(wallet: Wallet) -> WalletAnswer:
    return WalletAnswer(available=wallet.available, held=wallet.held)


def entry_answer(entry: Entry) -> EntryAnswer:
    return EntryAnswer(id=entry.id, kind=entry.kind, change=_own(entry.postings), at=entry.at)


def order_answer(order: Order, begun: Begun | None = None) -> OrderAnswer:
    opened = begun.opened if begun else None
    return OrderAnswer(
        id=order.id,
        pack=order.pack,
        credits=order.credits,
        amount=order.amount,
        currency=order.currency,
        state=order.state,
        refunded=order.refunded,
        created_at=order.created_at,
        paid_at=order.paid_at,
        client_secret=opened.secret if opened else None,
        payment_url=opened.url if opened else None,
    )


def _own(postings: Mapping[str, int]) -> dict[str, int]:
    """What the person sees of a line: their own two books."""
    return {book: postings[f"{book}:credit"] for book in ("available", "held") if f"{book}:credit" in postings}
