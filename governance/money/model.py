"""The nouns of money. Credits are whole numbers; amounts of currency are in its smallest unit (øre, cent).

Wallet (whose credits; survives its person as a pseudonym) · Entry (a line in the journal; its postings add up to zero
in every unit) · CreditHold (credits set aside for work) · Order (a pack of credits to be paid for).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from governance.ids import EntryId, OrderId, SubjectId

CREDIT = "credit"


class EntryKind(StrEnum):
    """What moved credits or money."""

    GRANT = "grant"
    PURCHASE = "purchase"
    HOLD = "hold"
    CAPTURE = "capture"
    RELEASE = "release"
    REFUND = "refund"
    LAPSE = "lapse"


class Book(StrEnum):
    """The accounts that are posted to. Of the person: AVAILABLE, HELD. Where credits come from: GRANTED, SOLD. Where
    they end: SPENT, LAPSED, UNCOVERED (refunded though spent). In currency: CASH, SALES."""

    AVAILABLE = "available"
    HELD = "held"
    GRANTED = "granted"
    SOLD = "sold"
    SPENT = "spent"
    LAPSED = "lapsed"
    UNCOVERED = "uncovered"
    CASH = "cash"
    SALES = "sales"


class OrderState(StrEnum):
    """CREATED until its payment succeeds or is canceled; REFUNDED once everything was given back."""

    CREATED = "created"
    PAID = "paid"
    REFUNDED = "refunded"
    CANCELED = "canceled"


@dataclass(frozen=True, slots=True)
class Wallet:
    """`available`: may be spent; `held`: set aside for work under way."""

    owner: SubjectId
    available: int
    held: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the journal; `postings` maps `book:unit` to what was added there (negative: taken)."""

    id: EntryId
    kind: EntryKind
    reference: str
    at: datetime
    postings: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class NewOrder:
    """A pack as it is priced now. `amount` of `currency` buys `credits`; a repeated `key` is the same order."""

    owner: SubjectId
    pack: str
    credits: int
    amount: int
    currency: str
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """`owner` is None once the person was erased. `payment`: the processor's own id of the payment; `receipt` its
    consecutive number once it is paid; `paid` and `refunded` in the currency's smallest unit."""

    id: OrderId
    owner: SubjectId | None
    pack: str
    credits: int
    amount: int
    currency: str
    state: OrderState
    payment: str | None
    paid: int
    refunded: int
    receipt: int | None
    created_at: datetime
    paid_at: datetime | None


@dataclass(frozen=True, slots=True)
class Payment:
    """What the processor says of a payment at this moment, all told: events only say that it is time to look."""

    received: int
    refunded: int
    canceled: bool
    currency: str
