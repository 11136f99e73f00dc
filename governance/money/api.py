"""Money's part of the interface of governance; see `governance.api`."""

from typing import Protocol

from governance.ids import OrderId, SubjectId
from governance.model import Page
from governance.money.model import Entry, NewOrder, Order, Payment, Wallet


class MoneyApi(Protocol):
    """Credits, their journal, and the orders that bring them. Holds are taken by `start_run` and `enqueue_job`."""

    async def wallet(self, owner: SubjectId) -> Wallet:
        """The balance, everything that is due settled. A person's first look opens it with the welcome credits."""

    async def entries(self, owner: SubjectId, after: str | None = None, limit: int = 50) -> Page[Entry]:
        """The journal, newest first."""

    async def place_order(self, new: NewOrder) -> Order:
        """The same `key` of the same owner answers with the first order; `Conflict` when it was for another pack."""

    async def attach_payment(self, id: OrderId, payment: str) -> Order:
        """Names the payment at the processor. `Conflict` when it has another one already."""

    async def order(self, id: OrderId, owner: SubjectId | None = None) -> Order: ...

    async def orders(self, owner: SubjectId, after: str | None = None, limit: int = 50) -> Page[Order]:
        """Newest first."""

    async def order_of_payment(self, payment: str) -> Order | None: ...

    async def customer(self, owner: SubjectId) -> str | None:
        """The processor's name for this person."""

    async def set_customer(self, owner: SubjectId, customer: str) -> str:
        """The first one stays and is returned; the transfer is recorded (P5.4)."""

    async def settle_order(self, id: OrderId, payment: Payment, event: str | None = None) -> Order:
        """Brings the order to what the processor says: credits come once, refunds take back once, whatever the order
        and number of calls. `event`: the processor's id of what caused this. `Conflict` in another currency."""

    async def is_event_known(self, event: str) -> bool:
        """Whether this event of the processor was dealt with already."""

    async def note_event(self, event: str) -> None:
        """This event of the processor is dealt with, though no order remembers it."""
