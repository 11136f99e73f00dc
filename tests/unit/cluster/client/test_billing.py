import httpx
import pytest

from cluster.client.billing import BillingApi
from cluster.client.errors import ApiError

ORDER = {
    "object": "order", "id": "ord_1", "pack": "small", "credits": 100, "amount": 4900, "currency": "dkk",
    "state": "created", "refunded": 0, "created_at": "2026-01-31T12:00:00Z", "paid_at": None, "client_secret": "pi_1_s",
}  # fmt: skip


def answer(request: httpx.Request) -> httpx.Response:
    if request.url.path.endswith("/receipt"):
        return httpx.Response(404, json={"code": "not_ready", "detail": "this order is not paid"})
    if request.url.path == "/v1/credits":
        return httpx.Response(200, json={"object": "credits", "available": 480, "held": 20})
    assert request.method == "GET" or request.headers["Idempotency-Key"]
    return httpx.Response(201, json=ORDER)


def test_an_order_and_what_came_of_it() -> None:
    client = BillingApi("http://service.test", "pxr_1", transport=httpx.MockTransport(answer))
    order = client.order("small")
    assert order.client_secret == "pi_1_s"
    assert client.read_order(order.id) == order
    assert client.credits().held == 20
    with pytest.raises(ApiError) as refusal:
        client.receipt(order.id)
    assert refusal.value.code == "not_ready"
