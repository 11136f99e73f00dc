"""Rows of wallets, their journal, holds and orders. Every movement of credits goes through `post`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from psycopg.rows import TupleRow

from governance.ids import EntryId, JobId, OrderId, RunId, SubjectId
from governance.ledger.database import Connection
from governance.money.model import CREDIT, Book, Entry, EntryKind, NewOrder, Order, OrderState

_ORDER = """o.id, w.subject, o.pack, o.credits, o.amount, o.currency, o.state, o.payment, o.paid, o.refunded, o.receipt,
            o.created_at, o.paid_at"""


@dataclass(frozen=True, slots=True)
class WalletRow:
    """A wallet as it is locked. `subject` is None once the person was erased."""

    id: UUID
    subject: SubjectId | None
    available: int
    held: int


@dataclass(frozen=True, slots=True)
class HoldRow:
    """A hold that can be settled now: what it set aside, and what of it was earned."""

    id: UUID
    wallet: UUID
    most: int
    earned: int


async def open_wallet(conn: Connection, subject: SubjectId, now: datetime) -> tuple[WalletRow, bool]:
    """The wallet of a person, locked; True when it was made now."""
    cursor = await conn.execute(
        """
        INSERT INTO money_wallets (id, subject, created_at) VALUES (%s, %s, %s) ON CONFLICT (subject) DO NOTHING
        """,
        [uuid4(), subject.uuid, now],
    )
    fresh = cursor.rowcount == 1
    found = await wallet_of(conn, subject)
    assert found is not None, "it was made or met just now"
    return found, fresh


async def wallet_of(conn: Connection, subject: SubjectId) -> WalletRow | None:
    return await _wallet(conn, "subject = %s", subject.uuid)


async def wallet(conn: Connection, id: UUID) -> WalletRow | None:
    return await _wallet(conn, "id = %s", id)


async def _wallet(conn: Connection, where: str, value: UUID) -> WalletRow | None:
    cursor = await conn.execute(
        f"SELECT id, subject, available, held FROM money_wallets WHERE {where} FOR UPDATE", [value]
    )
    row = await cursor.fetchone()
    return WalletRow(row[0], SubjectId.of(row[1]) if row[1] else None, row[2], row[3]) if row else None


async def post(
    conn: Connection,
    wallet: UUID,
    kind: EntryKind,
    reference: str,
    postings: Mapping[tuple[Book, str], int],
    now: datetime,
) -> bool:
    """One entry with its postings, and the wallet's balance with it; False when it was posted before."""
    id = EntryId.new()
    cursor = await conn.execute(
        """
        INSERT INTO money_entries (id, wallet, kind, reference, at) VALUES (%s, %s, %s, %s, %s)
        ON CONFLICT (kind, reference) DO NOTHING
        """,
        [id.uuid, wallet, kind, reference, now],
    )
    if cursor.rowcount == 0:
        return False
    lines = [(book, unit, amount) for (book, unit), amount in postings.items() if amount]
    await conn.execute(
        """
        INSERT INTO money_postings (entry, book, unit, amount)
        SELECT %s, book, unit, amount FROM unnest(%s::text[], %s::text[], %s::bigint[]) AS p (book, unit, amount)
        """,
        [id.uuid, [str(one[0]) for one in lines], [one[1] for one in lines], [one[2] for one in lines]],
    )
    await conn.execute(
        "UPDATE money_wallets SET available = available + %s, held = held + %s WHERE id = %s",
        [postings.get((Book.AVAILABLE, CREDIT), 0), postings.get((Book.HELD, CREDIT), 0), wallet],
    )
    return True


async def entries(conn: Connection, owner: SubjectId, before: EntryId | None, limit: int) -> Sequence[Entry]:
    cursor = await conn.execute(
        """
        SELECT e.id, e.kind, e.reference, e.at,
               (SELECT jsonb_object_agg(p.book || ':' || p.unit, p.amount) FROM money_postings p WHERE p.entry = e.id)
        FROM money_entries e JOIN money_wallets w ON w.id = e.wallet
        WHERE w.subject = %(owner)s AND (%(before)s::uuid IS NULL OR e.id < %(before)s)
        ORDER BY e.id DESC LIMIT %(limit)s
        """,
        {"owner": owner.uuid, "before": before.uuid if before else None, "limit": limit},
    )
    rows = await cursor.fetchall()
    return [Entry(EntryId.of(row[0]), EntryKind(row[1]), row[2], row[3], row[4] or {}) for row in rows]


async def insert_hold(
    conn: Connection, wallet: UUID, work: JobId | RunId, each: int, count: int, now: datetime
) -> UUID:
    id = uuid4()
    job = work.uuid if isinstance(work, JobId) else None
    run = work.uuid if isinstance(work, RunId) else None
    await conn.execute(
        """
        INSERT INTO money_holds (id, wallet, job, run, each, count, created_at) VALUES (%s, %s, %s, %s, %s, %s, %s)
        """,
        [id, wallet, job, run, each, count, now],
    )
    return id


async def lock_due_holds(conn: Connection, subject: SubjectId | None, limit: int) -> Sequence[UUID]:
    """Holds whose work has ended: the job or run did, and none of its pictures is still being written."""
    cursor = await conn.execute(
        """
        SELECT h.id FROM money_holds h JOIN money_wallets w ON w.id = h.wallet
        LEFT JOIN jobs j ON j.id = h.job LEFT JOIN runs r ON r.id = h.run
        WHERE h.settled_at IS NULL AND (%(subject)s::uuid IS NULL OR w.subject = %(subject)s)
          AND (j.state IN ('succeeded', 'failed', 'canceled')
               OR r.state <> 'running' AND NOT EXISTS (
                   SELECT FROM artifacts a WHERE a.run = h.run AND a.kind = 'image' AND a.state = 'registered'))
        ORDER BY h.id LIMIT %(limit)s FOR UPDATE OF h SKIP LOCKED
        """,
        {"subject": subject.uuid if subject else None, "limit": limit},
    )
    return [row[0] for row in await cursor.fetchall()]


async def earned(conn: Connection, holds: Sequence[UUID]) -> Sequence[HoldRow]:
    """What each of these locked holds earned: a training all or nothing, a run every picture that is or was live."""
    cursor = await conn.execute(
        """
        SELECT h.id, h.wallet, h.each * h.count,
               CASE WHEN h.job IS NOT NULL THEN CASE WHEN j.state = 'succeeded' THEN h.each * h.count ELSE 0 END
                    ELSE h.each * least(h.count, h.gone + (
                        SELECT count(*) FROM artifacts a
                        WHERE a.run = h.run AND a.kind = 'image' AND a.version_id IS NOT NULL)) END
        FROM money_holds h LEFT JOIN jobs j ON j.id = h.job WHERE h.id = ANY (%s) ORDER BY h.wallet
        """,
        [list(holds)],
    )
    return [HoldRow(*row) for row in await cursor.fetchall()]


async def has_open_hold(conn: Connection, wallet: UUID) -> bool:
    cursor = await conn.execute(
        "SELECT EXISTS (SELECT FROM money_holds WHERE wallet = %s AND settled_at IS NULL)", [wallet]
    )
    row = await cursor.fetchone()
    return bool(row and row[0])


async def settle_hold(conn: Connection, id: UUID, captured: int, now: datetime) -> None:
    await conn.execute("UPDATE money_holds SET captured = %s, settled_at = %s WHERE id = %s", [captured, now, id])


async def end_silent_runs(conn: Connection, started_before: datetime, now: datetime) -> int:
    """Runs that were paid for and whose process never ended them: nothing can be made in them any more."""
    cursor = await conn.execute(
        """
        UPDATE runs SET state = 'failed', finished_at = %s WHERE state = 'running' AND id IN (
            SELECT run FROM money_holds WHERE settled_at IS NULL AND run IS NOT NULL AND created_at < %s)
        """,
        [now, started_before],
    )
    return cursor.rowcount


async def remember_pictures(conn: Connection, artifacts: Sequence[UUID]) -> None:
    """Before pictures are scrubbed, those that were made are counted where their hold is not settled yet."""
    await conn.execute(
        """
        UPDATE money_holds h SET gone = h.gone + made.n
        FROM (SELECT run, count(*) AS n FROM artifacts WHERE id = ANY (%s) AND kind = 'image' AND run IS NOT NULL
              AND version_id IS NOT NULL GROUP BY run) AS made
        WHERE h.run = made.run AND h.settled_at IS NULL
        """,
        [list(artifacts)],
    )


async def insert_order(conn: Connection, id: OrderId, wallet: UUID, new: NewOrder, now: datetime) -> OrderId:
    """The id of the order, or of the first one with this key."""
    cursor = await conn.execute(
        """
        INSERT INTO money_orders (id, wallet, pack, credits, amount, currency, state, key, created_at)
        VALUES (%s, %s, %s, %s, %s, %s, 'created', %s, %s)
        ON CONFLICT (wallet, key) WHERE key IS NOT NULL DO NOTHING
        """,
        [id.uuid, wallet, new.pack, new.credits, new.amount, new.currency, new.key, now],
    )
    if cursor.rowcount == 1:
        return id
    cursor = await conn.execute("SELECT id FROM money_orders WHERE wallet = %s AND key = %s", [wallet, new.key])
    row = await cursor.fetchone()
    assert row is not None, "the insert met this very row"
    return OrderId.of(row[0])


async def order(conn: Connection, id: OrderId, lock: bool = False) -> tuple[Order, UUID] | None:
    """The order and its wallet."""
    return await _order(conn, "o.id = %s", id.uuid, lock)


async def order_of_payment(conn: Connection, payment: str) -> tuple[Order, UUID] | None:
    return await _order(conn, "o.payment = %s", payment, False)


async def _order(conn: Connection, where: str, value: Any, lock: bool) -> tuple[Order, UUID] | None:
    cursor = await conn.execute(
        f"""
        SELECT {_ORDER}, w.id FROM money_orders o JOIN money_wallets w ON w.id = o.wallet
        WHERE {where} {"FOR UPDATE OF o" if lock else ""}
        """,
        [value],
    )
    row = await cursor.fetchone()
    return (_read_order(row), row[13]) if row else None


async def orders(conn: Connection, owner: SubjectId, before: OrderId | None, limit: int) -> Sequence[Order]:
    cursor = await conn.execute(
        f"""
        SELECT {_ORDER} FROM money_orders o JOIN money_wallets w ON w.id = o.wallet
        WHERE w.subject = %(owner)s AND (%(before)s::uuid IS NULL OR o.id < %(before)s)
        ORDER BY o.id DESC LIMIT %(limit)s
        """,
        {"owner": owner.uuid, "before": before.uuid if before else None, "limit": limit},
    )
    return [_read_order(row) for row in await cursor.fetchall()]


async def open_payments(conn: Connection, owner: SubjectId) -> Sequence[str]:
    """The payments of orders that are still to be paid."""
    cursor = await conn.execute(
        """
        SELECT o.payment FROM money_orders o JOIN money_wallets w ON w.id = o.wallet
        WHERE w.subject = %s AND o.state = 'created' AND o.payment IS NOT NULL
        """,
        [owner.uuid],
    )
    return [row[0] for row in await cursor.fetchall()]


def _read_order(row: TupleRow) -> Order:
    return Order(
        id=OrderId.of(row[0]),
        owner=SubjectId.of(row[1]) if row[1] else None,
        pack=row[2],
        credits=row[3],
        amount=row[4],
        currency=row[5],
        state=OrderState(row[6]),
        payment=row[7],
        paid=row[8],
        refunded=row[9],
        receipt=row[10],
        created_at=row[11],
        paid_at=row[12],
    )


async def attach(conn: Connection, id: OrderId, payment: str) -> bool:
    """False when it has another payment."""
    cursor = await conn.execute(
        "UPDATE money_orders SET payment = %s WHERE id = %s AND (payment IS NULL OR payment = %s)",
        [payment, id.uuid, payment],
    )
    return cursor.rowcount == 1


async def pay(conn: Connection, id: OrderId, paid: int, now: datetime) -> None:
    await conn.execute(
        """
        UPDATE money_orders SET state = 'paid', paid = %s, paid_at = %s, receipt = nextval('money_receipts')
        WHERE id = %s
        """,
        [paid, now, id.uuid],
    )


async def refund(conn: Connection, id: OrderId, refunded: int) -> None:
    await conn.execute(
        """
        UPDATE money_orders SET refunded = %(sum)s, state = CASE WHEN %(sum)s >= paid THEN 'refunded' ELSE state END
        WHERE id = %(id)s
        """,
        {"sum": refunded, "id": id.uuid},
    )


async def cancel(conn: Connection, id: OrderId) -> None:
    await conn.execute("UPDATE money_orders SET state = 'canceled' WHERE id = %s AND state = 'created'", [id.uuid])


async def customer(conn: Connection, owner: SubjectId) -> str | None:
    cursor = await conn.execute("SELECT customer FROM money_wallets WHERE subject = %s", [owner.uuid])
    row = await cursor.fetchone()
    return row[0] if row else None


async def set_customer(conn: Connection, wallet: UUID, customer: str) -> bool:
    """False when there is one already."""
    cursor = await conn.execute(
        "UPDATE money_wallets SET customer = %s WHERE id = %s AND customer IS NULL", [customer, wallet]
    )
    return cursor.rowcount == 1


async def add_event(conn: Connection, event: str, now: datetime) -> bool:
    """False when it was dealt with before."""
    cursor = await conn.execute(
        "INSERT INTO money_events (id, at) VALUES (%s, %s) ON CONFLICT (id) DO NOTHING", [event, now]
    )
    return cursor.rowcount == 1


async def has_event(conn: Connection, event: str) -> bool:
    cursor = await conn.execute("SELECT EXISTS (SELECT FROM money_events WHERE id = %s)", [event])
    row = await cursor.fetchone()
    return bool(row and row[0])


async def is_financial(conn: Connection, wallet: UUID) -> bool:
    """Whether money was ever paid into it: then the law keeps its rows."""
    cursor = await conn.execute("SELECT EXISTS (SELECT FROM money_orders WHERE wallet = %s AND paid > 0)", [wallet])
    row = await cursor.fetchone()
    return bool(row and row[0])


async def unlink(conn: Connection, wallet: UUID, keep_until: datetime) -> None:
    """Nothing leads from it to the person any more, nor to what they did."""
    await conn.execute(
        "UPDATE money_wallets SET keep_until = %s, subject = NULL, customer = NULL WHERE id = %s", [keep_until, wallet]
    )
    await conn.execute("UPDATE money_holds SET job = NULL, run = NULL WHERE wallet = %s", [wallet])
    await conn.execute("UPDATE money_orders SET key = NULL WHERE wallet = %s", [wallet])


async def purge(conn: Connection, now: datetime) -> int:
    """Pseudonymous wallets whose time is over go with everything in them."""
    cursor = await conn.execute(
        "UPDATE money_wallets SET purged_at = %s WHERE subject IS NULL AND keep_until <= %s RETURNING id", [now, now]
    )
    gone = [row[0] for row in await cursor.fetchall()]
    for statement in _PURGE:
        await conn.execute(statement, [gone])
    return len(gone)


async def forget_events(conn: Connection, before: datetime) -> None:
    await conn.execute("DELETE FROM money_events WHERE at < %s", [before])


_PURGE = (
    "DELETE FROM money_postings p USING money_entries e WHERE p.entry = e.id AND e.wallet = ANY (%s)",
    "DELETE FROM money_entries WHERE wallet = ANY (%s)",
    "DELETE FROM money_holds WHERE wallet = ANY (%s)",
    "DELETE FROM money_orders WHERE wallet = ANY (%s)",
    "DELETE FROM money_wallets WHERE id = ANY (%s)",
)
