"""Orders of credits, from the price list to the journal. A crash between any two steps is repaired by whatever comes
next: the client's retry, the processor's event, or somebody looking at the order."""

import logging
from dataclasses import dataclass
from hmac import compare_digest

from governance.errors import NotFound
from governance.ids import OrderId, SubjectId
from governance.money.model import NewOrder, Order, OrderState
from serve_apps.billing.till import Heard, Opened, Till
from serve_apps.ingress.auth import DEAD
from serve_apps.ingress.errors import Invalid
from serve_apps.ingress.services import Services

log = logging.getLogger("pixreunion.billing")

_UNPAID = frozenset({OrderState.CREATED, OrderState.CANCELED})


@dataclass(frozen=True, slots=True)
class Begun:
    """An order and how to pay for it; `opened` is None when there is nothing left to pay."""

    order: Order
    opened: Opened | None


def till_of(parts: Services) -> Till:
    """`NotFound` where the installation takes no payments."""
    if parts.till is None:
        raise NotFound("this installation takes no payments")
    return parts.till


async def begin(parts: Services, owner: SubjectId, pack: str, key: str | None) -> Begun:
    """A pack is ordered and its payment begun; the same key gives the same order and the same payment."""
    till, known = till_of(parts), parts.prices.packs.get(pack)
    if known is None:
        raise Invalid(f"`pack` is one of: {', '.join(parts.prices.packs)}", code="unknown_pack", param="pack")
    new = NewOrder(owner, pack, known.credits, known.amount, parts.prices.currency, key)
    order = await parts.governance.place_order(new)
    if order.state is not OrderState.CREATED:
        return Begun(order, None)
    opened = await till.open(order, await _customer(parts, till, owner), _seal(parts, order.id))
    if opened.payment is not None:
        order = await parts.governance.attach_payment(order.id, opened.payment)
    return Begun(order, opened)


async def current(parts: Services, owner: SubjectId, id: OrderId) -> Order:
    """The order; while it is open the processor is asked, in case its event was lost."""
    order = await parts.governance.order(id, owner)
    if order.state is OrderState.CREATED and order.payment is not None and parts.till is not None:
        return await parts.governance.settle_order(order.id, await parts.till.look(order.payment))
    return order


async def hear(parts: Services, event: Heard) -> None:
    """What an event brings about: the payment's state now. Events of payments that are not ours bring nothing."""
    if event.payment is None or await parts.governance.is_event_known(event.id):
        return
    order = await _order_of(parts, event, event.payment)
    if order is None:
        await _hear_of_the_forgotten(parts, event, event.payment)
        return
    till = till_of(parts)
    if order.state in _UNPAID and await _is_erased(parts, order):
        # Before it is settled: a crash in between leaves the event unheard, and the processor tells it again.
        await _give_back(till, order.id, event.payment)
    await parts.governance.settle_order(order.id, await till.look(event.payment), event.id)


async def _hear_of_the_forgotten(parts: Services, event: Heard, payment: str) -> None:
    """An order whose person was erased before paying left no row. That the payment was begun here says its seal, which
    the processor kept and which follows from the order's id: the money goes back, and nothing is kept of it."""
    if event.order is None or not compare_digest(event.seal or "", _seal(parts, event.order)):
        return
    await _give_back(till_of(parts), event.order, payment)
    await parts.governance.note_event(event.id)


async def _give_back(till: Till, order: str, payment: str) -> None:
    """All that was received and not given back yet."""
    now = await till.look(payment)
    if now.received > now.refunded:
        log.info("%s was paid after its person was erased: the money goes back", order)
        await till.give_back(payment)


async def _is_erased(parts: Services, order: Order) -> bool:
    return order.owner is None or (await parts.governance.subject(order.owner)).status in DEAD


async def _order_of(parts: Services, event: Heard, payment: str) -> Order | None:
    order = await parts.governance.order_of_payment(payment)
    if order is not None or event.order is None:
        return order
    try:
        id = (await parts.governance.order(OrderId(event.order).check())).id
    except NotFound:
        return None
    return await parts.governance.attach_payment(id, payment)


def _seal(parts: Services, order: str) -> str:
    """What only this installation can mark a payment of this order with."""
    return parts.secrets.fingerprint(b"seal", order.encode()).hex()


async def _customer(parts: Services, till: Till, owner: SubjectId) -> str | None:
    known = await parts.governance.customer(owner)
    if known is not None:
        return known
    pseudonym = parts.secrets.fingerprint(b"customer", owner.encode()).hex()
    made = await till.customer(pseudonym)
    return None if made is None else await parts.governance.set_customer(owner, made)
