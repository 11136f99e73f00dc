"""Fair order between accounts: shares, floods, pauses, and what leaving the line costs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import pytest

from serve_apps.engine.model import AccountId, RequestId
from serve_apps.engine.queueing import FairQueue


@dataclass(frozen=True)
class Item:
    id: RequestId
    account: AccountId
    cost: float = 1.0


def item(account: str, number: int, cost: float = 1.0) -> Item:
    return Item(RequestId(f"{account}{number}"), AccountId(account), cost)


def serve(queue: FairQueue[Item], count: int) -> list[str]:
    served = []
    for _ in range(count):
        head = next(queue.in_fair_order())
        queue.take(head)
        served.append(str(head.id))
    return served


def test_one_account_is_served_in_order() -> None:
    queue: FairQueue[Item] = FairQueue()
    for n in range(4):
        queue.push(item("a", n))
    assert serve(queue, 4) == ["a0", "a1", "a2", "a3"]
    assert len(queue) == 0


def test_a_flood_does_not_delay_a_small_account() -> None:
    queue: FairQueue[Item] = FairQueue()
    for n in range(50):
        queue.push(item("flood", n))
    serve(queue, 10)
    queue.push(item("small", 0))
    assert "small0" in serve(queue, 2)


def test_shares_count_work_and_not_requests() -> None:
    queue: FairQueue[Item] = FairQueue()
    for n in range(60):
        queue.push(item("heavy", n, cost=4.0))
        queue.push(item("light", n, cost=1.0))
    served = Counter(name.rstrip("0123456789") for name in serve(queue, 50))
    assert served["light"] / served["heavy"] == pytest.approx(4.0, rel=0.15)


def test_idling_saves_up_no_credit() -> None:
    queue: FairQueue[Item] = FairQueue()
    queue.push(item("idler", 0))
    for n in range(100):
        queue.push(item("worker", n))
    serve(queue, 40)
    for n in range(1, 20):
        queue.push(item("idler", n))
    served = Counter(name.rstrip("0123456789") for name in serve(queue, 20))
    assert served["worker"] == pytest.approx(10, abs=1)


def test_the_simulated_order_is_the_served_order() -> None:
    queue: FairQueue[Item] = FairQueue()
    for n, (account, cost) in enumerate([("a", 3.0), ("b", 1.0), ("a", 1.0), ("c", 2.0), ("b", 5.0), ("c", 1.0)]):
        queue.push(item(account, n, cost))
    foreseen = [str(i.id) for i in queue.in_fair_order()]
    assert serve(queue, 6) == foreseen


def test_leaving_unserved_costs_nothing() -> None:
    queue: FairQueue[Item] = FairQueue()
    for n in range(3):
        queue.push(item("a", n, cost=100.0))
        queue.push(item("b", n, cost=100.0))
    for waiting in list(queue):
        if waiting.account == "a" and waiting.id != "a2":
            queue.remove(waiting)
    assert next(queue.in_fair_order()).id == "a2"
    assert queue.cost == 400.0


def test_settled_accounts_are_forgotten() -> None:
    queue: FairQueue[Item] = FairQueue()
    for n in range(1000):
        queue.push(item(f"account-{n}-", n))
        serve(queue, 1)
    assert queue._lines == {}


def test_the_same_request_cannot_wait_twice() -> None:
    queue: FairQueue[Item] = FairQueue()
    queue.push(item("a", 0))
    with pytest.raises(AssertionError, match="a0 waits already"):
        queue.push(item("a", 0))
