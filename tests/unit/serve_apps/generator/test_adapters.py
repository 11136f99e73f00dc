"""The gate between the engine's threads and the holder's event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future

import pytest

from governance.errors import Gone
from governance.model import ArtifactId, Purpose
from serve_apps.engine.model import AdapterId
from serve_apps.generator import adapters
from serve_apps.generator.adapters import AdapterGate

ID = AdapterId("adapter")


class Holder:
    """Holds what it has, and remembers whom to tell."""

    def __init__(self) -> None:
        self.on_drop: dict[ArtifactId, Callable[[], None]] = {}
        self.purposes: list[Purpose] = []
        self.released: list[ArtifactId] = []

    async def hold(self, id: ArtifactId, purpose: Purpose, on_drop: Callable[[], None]) -> bytearray:
        if id != ID:
            raise Gone()
        self.purposes.append(purpose)
        self.on_drop[id] = on_drop
        return bytearray(b"file")

    async def release(self, id: ArtifactId) -> None:
        self.released.append(id)


async def test_an_adapter_is_fetched_from_another_thread_for_generation_alone() -> None:
    holder = Holder()
    gate = AdapterGate(holder)
    assert await asyncio.to_thread(gate.fetch, ID) == bytearray(b"file")
    assert holder.purposes == [Purpose.GENERATION]


async def test_what_governance_refuses_reaches_the_engine() -> None:
    gate = AdapterGate(Holder())
    with pytest.raises(Gone):
        await asyncio.to_thread(gate.fetch, AdapterId("another"))


async def test_a_released_adapter_is_given_back_on_the_loop() -> None:
    holder = Holder()
    gate = AdapterGate(holder)
    await asyncio.to_thread(gate.released, ID)
    await asyncio.sleep(0.01)
    assert holder.released == [ID]


async def test_a_drop_waits_until_the_engine_has_no_copy_left() -> None:
    holder = Holder()
    gate = AdapterGate(holder)
    order: list[str] = []

    def drop(id: AdapterId) -> Future[None]:
        order.append(f"engine drops {id}")
        done: Future[None] = Future()
        asyncio.get_running_loop().run_in_executor(None, done.set_result, None)
        return done

    gate.connect(drop)
    await asyncio.to_thread(gate.fetch, ID)
    holder.on_drop[ArtifactId(ID)]()
    order.append("acknowledged")
    assert order == ["engine drops adapter", "acknowledged"]


async def test_an_engine_that_does_not_drop_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapters, "DROP_TIMEOUT_S", 0.01)
    holder = Holder()
    gate = AdapterGate(holder)
    gate.connect(lambda id: Future())
    await asyncio.to_thread(gate.fetch, ID)
    with pytest.raises(TimeoutError):
        holder.on_drop[ArtifactId(ID)]()
