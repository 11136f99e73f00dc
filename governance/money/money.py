"""Wallets and orders: every call one transaction, so that a crash leaves all of a movement or nothing of it."""

from datetime import datetime, timedelta
from uuid import UUID

from governance.clock import Clock
from governance.config import MoneySettings
from governance.errors import Conflict, NotFound, Unavailable, Unpaid
from governance.ids import EntryId, JobId, OrderId, RunId, SubjectId
from governance.ledger import fences, money, processors, subjects
from governance.ledger.database import Connection, Database
from governance.model import Charge, Page
from governance.money.model import CREDIT, Book, Entry, EntryKind, NewOrder, Order, OrderState, Payment, Wallet

PROCESSOR = "stripe"
FIELDS = ("pseudonym", "amount")
_PAGE_LIMIT = 200
_SETTLED_AT_ONCE = 500
_EVENTS_KEPT = timedelta(days=30)


class Money:
    """See `api.MoneyApi` for what each call promises."""

    def __init__(self, database: Database, clock: Clock, settings: MoneySettings) -> None:
        self._database, self._clock, self._settings = database, clock, settings

    async def hold(self, conn: Connection, owner: SubjectId, work: JobId | RunId, charge: Charge | None) -> None:
        """Sets credits aside for work, in the transaction that begins it. Raises `Unpaid`."""
        if charge is None or charge.most == 0:
            return
        now = self._clock()
        wallet = await self._open(conn, owner)
        if wallet.available < charge.most:
            raise Unpaid(
                f"this needs {charge.most} credits and {wallet.available} are available; buy a pack at POST /v1/orders"
            )
        id = await money.insert_hold(conn, wallet.id, work, charge.each, charge.count, now)
        await money.post(conn, wallet.id, EntryKind.HOLD, id.hex, _from_to(Book.AVAILABLE, Book.HELD, charge.most), now)

    async def settle(self, owner: SubjectId | None = None) -> int:
        """Captures and releases what is due, of one person or of everybody; gives how many holds it settled."""
        async with self._database.transaction() as conn:
            return await self._settle(conn, owner)

    async def _settle(self, conn: Connection, owner: SubjectId | None) -> int:
        now = self._clock()
        locked = await money.lock_due_holds(conn, owner, _SETTLED_AT_ONCE)
        for one in await money.earned(conn, locked) if locked else ():
            await money.wallet(conn, one.wallet)
            name = one.id.hex
            if one.earned:
                captured = _from_to(Book.HELD, Book.SPENT, one.earned)
                await money.post(conn, one.wallet, EntryKind.CAPTURE, name, captured, now)
            if left := one.most - one.earned:
                released = _from_to(Book.HELD, Book.AVAILABLE, left)
                await money.post(conn, one.wallet, EntryKind.RELEASE, name, released, now)
            await money.settle_hold(conn, one.id, one.earned, now)
        return len(locked)

    async def tidy(self) -> None:
        """Ends runs whose process is gone, forgets old events, and purges what the law no longer keeps."""
        now = self._clock()
        async with self._database.transaction() as conn:
            await fences.pass_through(conn)
            await money.end_silent_runs(conn, now - timedelta(seconds=self._settings.run_limit_s), now)
        async with self._database.transaction() as conn:
            await money.forget_events(conn, now - _EVENTS_KEPT)
            await money.purge(conn, now)

    async def wallet(self, owner: SubjectId) -> Wallet:
        async with self._database.transaction() as conn:
            await subjects.living(conn, owner)
            await self._settle(conn, owner)
            row = await self._open(conn, owner)
        return Wallet(owner, row.available, row.held)

    async def entries(self, owner: SubjectId, after: str | None, limit: int) -> Page[Entry]:
        wanted = max(1, min(limit, _PAGE_LIMIT))
        async with self._database.transaction() as conn:
            await self._settle(conn, owner)
            found = await money.entries(conn, owner, EntryId(after) if after else None, wanted + 1)
        page = tuple(found[:wanted])
        return Page(page, page[-1].id if len(found) > wanted else None)

    async def place_order(self, new: NewOrder) -> Order:
        async with self._database.transaction() as conn:
            await subjects.living(conn, new.owner)
            wallet = await self._open(conn, new.owner)
            id = await money.insert_order(conn, OrderId.new(), wallet.id, new, self._clock())
            order, _ = await _order(conn, id)
        if (order.pack, order.amount, order.currency) != (new.pack, new.amount, new.currency):
            raise Conflict("this Idempotency-Key was used for another order: take a new one")
        return order

    async def attach_payment(self, id: OrderId, payment: str) -> Order:
        async with self._database.transaction() as conn:
            if not await money.attach(conn, id, payment):
                raise Conflict(f"{id} has another payment already")
            return (await _order(conn, id))[0]

    async def order(self, id: OrderId, owner: SubjectId | None) -> Order:
        async with self._database.transaction() as conn:
            found = await money.order(conn, id)
        if found is None or (owner is not None and found[0].owner != owner):
            raise NotFound()
        return found[0]

    async def orders(self, owner: SubjectId, after: str | None, limit: int) -> Page[Order]:
        wanted = max(1, min(limit, _PAGE_LIMIT))
        async with self._database.transaction() as conn:
            found = await money.orders(conn, owner, OrderId(after) if after else None, wanted + 1)
        page = tuple(found[:wanted])
        return Page(page, page[-1].id if len(found) > wanted else None)

    async def order_of_payment(self, payment: str) -> Order | None:
        async with self._database.transaction() as conn:
            found = await money.order_of_payment(conn, payment)
        return found[0] if found else None

    async def customer(self, owner: SubjectId) -> str | None:
        async with self._database.transaction() as conn:
            return await money.customer(conn, owner)

    async def open_payments(self, owner: SubjectId) -> list[str]:
        """Payments under way that must not succeed after the person is gone."""
        async with self._database.transaction() as conn:
            return list(await money.open_payments(conn, owner))

    async def set_customer(self, owner: SubjectId, customer: str) -> str:
        async with self._database.transaction() as conn:
            await subjects.living(conn, owner)
            wallet = await self._open(conn, owner)
            if await money.set_customer(conn, wallet.id, customer):
                await processors.add_transfer(conn, PROCESSOR, owner, FIELDS, self._clock())
            kept = await money.customer(conn, owner)
        assert kept is not None
        return kept

    async def settle_order(self, id: OrderId, payment: Payment, event: str | None) -> Order:
        async with self._database.transaction() as conn:
            order, wallet = await _order(conn, id, lock=True)
            if payment.currency != order.currency:
                raise Conflict(f"{id} is priced in {order.currency}, the payment is in {payment.currency}")
            await money.wallet(conn, wallet)
            await self._receive(conn, order, wallet, payment)
            await self._give_back(conn, id, wallet, payment)
            if event is not None:
                await money.add_event(conn, event, self._clock())
            return (await _order(conn, id))[0]

    async def is_event_known(self, event: str) -> bool:
        async with self._database.transaction() as conn:
            return await money.has_event(conn, event)

    async def note_event(self, event: str) -> None:
        async with self._database.transaction() as conn:
            await money.add_event(conn, event, self._clock())

    async def _receive(self, conn: Connection, order: Order, wallet: UUID, payment: Payment) -> None:
        """An order is fulfilled once, when all of its price was received."""
        if order.state not in (OrderState.CREATED, OrderState.CANCELED):
            return
        if payment.received < order.amount:
            if payment.canceled:
                await money.cancel(conn, order.id)
            return
        now = self._clock()
        await money.pay(conn, order.id, payment.received, now)
        lines = _from_to(Book.SOLD, Book.AVAILABLE, order.credits) | _from_to(
            Book.SALES, Book.CASH, payment.received, order.currency
        )
        await money.post(conn, wallet, EntryKind.PURCHASE, order.id, lines, now)
        if order.owner is None:
            await self._lapse(conn, wallet, f"{order.id}:late", now)

    async def _give_back(self, conn: Connection, id: OrderId, wallet: UUID, payment: Payment) -> None:
        """Takes back the credits of what was refunded; those that were spent meanwhile stay uncovered."""
        order, _ = await _order(conn, id)
        more = min(payment.refunded, order.paid) - order.refunded
        if order.paid == 0 or more <= 0:
            return
        total = order.refunded + more
        owed = order.credits * total // order.paid - order.credits * order.refunded // order.paid
        row = await money.wallet(conn, wallet)
        assert row is not None
        covered = min(owed, row.available)
        lines = {
            (Book.AVAILABLE, CREDIT): -covered,
            (Book.UNCOVERED, CREDIT): covered - owed,
            (Book.SOLD, CREDIT): owed,
        } | _from_to(Book.CASH, Book.SALES, more, order.currency)
        await money.post(conn, wallet, EntryKind.REFUND, f"{id}:{total}", lines, self._clock())
        await money.refund(conn, id, total)

    async def _lapse(self, conn: Connection, wallet: UUID, reference: str, now: datetime) -> None:
        row = await money.wallet(conn, wallet)
        if row is not None and row.available:
            lines = _from_to(Book.AVAILABLE, Book.LAPSED, row.available)
            await money.post(conn, wallet, EntryKind.LAPSE, reference, lines, now)

    async def pseudonymise(self, conn: Connection, person: SubjectId, now: datetime) -> None:
        """After an erasure: what was paid for stays under a pseudonym as long as the law says (P6.3), the rest goes.
        Call it when every processor has answered: until then the customer's name there is needed."""
        await self._settle(conn, person)
        row = await money.wallet_of(conn, person)
        if row is None:
            return
        if await money.has_open_hold(conn, row.id):
            raise Unavailable("work that was paid for has not ended yet")
        await self._lapse(conn, row.id, row.id.hex, now)
        keeps = await money.is_financial(conn, row.id)
        await money.unlink(conn, row.id, kept_until(now) if keeps else now)
        await money.purge(conn, now)

    async def _open(self, conn: Connection, owner: SubjectId) -> money.WalletRow:
        """The wallet, locked; a new one with the welcome credits."""
        row, fresh = await money.open_wallet(conn, owner, self._clock())
        welcome = self._settings.welcome_credits
        if not fresh or welcome == 0:
            return row
        given = _from_to(Book.GRANTED, Book.AVAILABLE, welcome)
        await money.post(conn, row.id, EntryKind.GRANT, row.id.hex, given, self._clock())
        return money.WalletRow(row.id, row.subject, welcome, 0)


def kept_until(now: datetime) -> datetime:
    """Bookkeeping: five years from the end of the year."""
    return datetime(now.year + 6, 1, 1, tzinfo=now.tzinfo)


def _from_to(source: Book, to: Book, amount: int, unit: str = CREDIT) -> dict[tuple[Book, str], int]:
    return {(source, unit): -amount, (to, unit): amount}


async def _order(conn: Connection, id: OrderId, lock: bool = False) -> tuple[Order, UUID]:
    found = await money.order(conn, id, lock)
    if found is None:
        raise NotFound(f"there is no {id}")
    return found
