"""Credits: `/v1/prices`, `/v1/credits`, `/v1/orders`, and where the payment processor's events come in."""

from typing import Annotated

from fastapi import APIRouter, Header, Request, Response

from governance.ids import OrderId
from serve_apps.billing import orders
from serve_apps.ingress.auth import BillingCaller
from serve_apps.ingress.errors import NotReady
from serve_apps.ingress.idempotency import IdempotencyKey
from serve_apps.ingress.pages import EntryCursor, OrderCursor
from serve_apps.ingress.schemas.common import ListOf, problems
from serve_apps.ingress.schemas.orders import (
    EntryAnswer,
    NewOrderBody,
    OrderAnswer,
    PricesAnswer,
    ReceiptAnswer,
    Received,
    WalletAnswer,
    entry_answer,
    order_answer,
    prices_answer,
    wallet_answer,
)
from serve_apps.ingress.services import Parts

router = APIRouter(prefix="/v1", tags=["credits"])


@router.get("/prices")
async def read_prices(parts: Parts) -> PricesAnswer:
    """What things cost in credits, and what packs of credits cost."""
    return prices_answer(parts.prices)


@router.get("/credits", responses=problems())
async def read_credits(caller: BillingCaller, parts: Parts) -> WalletAnswer:
    """Your credits. Work holds what it may cost when it begins; what was not made is given back by itself."""
    return wallet_answer(await parts.governance.wallet(caller.id))


@router.get("/credits/entries", responses=problems())
async def list_entries(caller: BillingCaller, parts: Parts, cursor: EntryCursor) -> ListOf[EntryAnswer]:
    """Every movement of your credits, newest first."""
    page = await parts.governance.entries(caller.id, cursor.after, cursor.limit)
    return ListOf(data=[entry_answer(entry) for entry in page.items], next=page.next)


@router.post("/orders", status_code=201, responses=problems(404, 409))
async def create_order(
    body: NewOrderBody, caller: BillingCaller, response: Response, parts: Parts, key: IdempotencyKey = None
) -> OrderAnswer:
    """Orders a pack of credits. Pay with the `client_secret` in the payment processor's own form: card details never
    come here. The credits are there as soon as the payment has succeeded."""
    hidden = parts.secrets.fingerprint(b"order", key.encode()).hex() if key else None
    begun = await orders.begin(parts, caller.id, body.pack, hidden)
    response.headers["Location"] = f"/v1/orders/{begun.order.id}"
    return order_answer(begun.order, begun)


@router.get("/orders", responses=problems())
async def list_orders(caller: BillingCaller, parts: Parts, cursor: OrderCursor) -> ListOf[OrderAnswer]:
    """Your orders, newest first."""
    page = await parts.governance.orders(caller.id, cursor.after, cursor.limit)
    return ListOf(data=[order_answer(order) for order in page.items], next=page.next)


@router.get("/orders/{order_id}", responses=problems(404))
async def read_order(order_id: str, caller: BillingCaller, parts: Parts) -> OrderAnswer:
    """How far the payment is."""
    return order_answer(await orders.current(parts, caller.id, OrderId(order_id)))


@router.get("/orders/{order_id}/receipt", responses=problems(404))
async def read_receipt(order_id: str, caller: BillingCaller, parts: Parts) -> ReceiptAnswer:
    """The receipt of a paid order; `not_ready` before that."""
    order = await orders.current(parts, caller.id, OrderId(order_id))
    if order.receipt is None or order.paid_at is None:
        raise NotReady("this order is not paid; there is no receipt before that")
    return ReceiptAnswer(
        number=order.receipt,
        order=order.id,
        seller=parts.policy.controller.name,
        seller_address=parts.policy.controller.address,
        description=f"{order.credits} credits",
        amount=order.paid,
        vat=parts.prices.vat_of(order.paid),
        currency=order.currency,
        refunded=order.refunded,
        paid_at=order.paid_at,
    )


@router.post("/payments/events", responses=problems(404, 409))
async def hear_payment(
    request: Request, parts: Parts, signature: Annotated[str, Header(alias="Stripe-Signature", max_length=4096)] = ""
) -> Received:
    """For the payment processor alone: its signed events."""
    till = orders.till_of(parts)
    await orders.hear(parts, till.hear(await request.body(), signature))
    return Received()
