"""Orders go where their adapter is, until that replica is too far behind."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from governance.model import ArtifactId
from serve_apps.generator.routing import REPORT, RESIDENT, SPREAD, AdapterRouter, Load, Sent, ranked
from serve_apps.generator.scaling import QUEUED_STEPS
from serve_apps.generator.wire import Call


@pytest.mark.parametrize(
    ("loads", "best"),
    [
        ([Load(0, False), Load(50, True)], 1),
        ([Load(0, False), Load(SPREAD + 1, True)], 0),
        ([Load(30, True), Load(20, True), Load(0, False)], 1),
        ([Load(9, False), Load(3, False)], 1),
    ],
)
def test_the_best_replica_has_the_adapter_and_is_not_far_behind(loads: list[Load], best: int) -> None:
    order = ranked(loads)
    assert order[0] == [best]
    assert sorted(n for [n] in order) == list(range(len(loads)))


def test_no_replica_no_order() -> None:
    assert ranked([]) == []


def test_sent_steps_count_until_the_next_report() -> None:
    sent = Sent()
    assert sent.since("a", report=3) == 0
    sent.add("a", 40)
    sent.add("a", 2)
    assert sent.since("a", report=3) == 42
    assert sent.since("a", report=4) == 0
    sent.add("a", 5)
    sent.keep({"b"})
    assert sent.since("a", report=4) == 0


@dataclass(frozen=True)
class Id:
    unique_id: str


@dataclass
class Replica:
    """The part of a running replica that the router reads."""

    name: str
    routing_stats: dict[str, Any] = field(default_factory=dict)

    @property
    def replica_id(self) -> Id:
        return Id(self.name)


@dataclass
class Pending:
    args: list[Any]


def router(spread: float = SPREAD) -> Any:
    """The router's own part, without the deployment around it."""
    made = AdapterRouter.__new__(AdapterRouter)
    made.initialize_state(spread=spread)
    return made


def call(adapter: str | None, steps: int = 10) -> Pending:
    return Pending([Call(None if adapter is None else ArtifactId(adapter), steps, b"sealed")])


async def route(router: Any, replicas: list[Replica], pending: Pending) -> str:
    """Where one call goes."""
    groups = await router.choose_replicas(replicas, pending)
    chosen = groups[0][0]
    router.on_request_routed(pending, chosen.replica_id, None)
    return str(chosen.name)


def told(name: str, *resident: str, steps: float = 0, report: int = 1) -> Replica:
    return Replica(name, {RESIDENT: list(resident), QUEUED_STEPS: steps, REPORT: report})


async def test_calls_go_to_the_replica_that_tells_of_their_adapter() -> None:
    replicas = [told("a"), told("b", "x", steps=50)]
    assert await route(router(), replicas, call("x")) == "b"
    assert await route(router(), replicas, call("y")) == "a"
    assert await route(router(), replicas, call(None)) == "a"


async def test_a_replica_is_known_to_load_what_it_was_sent() -> None:
    this, replicas = router(), [told("a"), told("b")]
    first = await route(this, replicas, call("x"))
    other = await route(this, replicas, call("y", steps=30))
    assert other != first
    assert await route(this, replicas, call("x")) == first
    assert await route(this, replicas, call("y")) == other


async def test_a_burst_for_a_hot_adapter_spreads_before_anybody_reports() -> None:
    this, replicas = router(spread=100), [told("a", "x"), told("b"), told("c")]
    went = [await route(this, replicas, call("x", steps=40)) for _ in range(30)]
    assert went[0] == "a"
    assert {went.count(name) for name in "abc"} <= set(range(7, 14)), went
    assert went.index("b") >= 2, "it stays where it is resident while that is not far behind"


async def test_a_report_clears_what_it_has_counted() -> None:
    this = router(spread=100)
    for _ in range(5):
        await route(this, [told("a", "x")], call("x", steps=100))
    assert await route(this, [told("a", "x"), told("b")], call("x")) == "b"
    assert await route(this, [told("a", "x", report=2), told("b", report=2)], call("x")) == "a"


async def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serve_apps.generator.routing.REMEMBERED", 3)
    this = router()
    for n in range(9):
        await route(this, [told("a")], call(f"x{n}"))
    assert list(this._last) == ["x6", "x7", "x8"]


async def test_a_call_of_something_else_goes_to_the_least_busy() -> None:
    assert await route(router(), [told("a", steps=5), told("b")], Pending([])) == "b"
