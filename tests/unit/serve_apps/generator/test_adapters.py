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
        self.answers = asyncio.Event()
        self.answers.set()

    async def hold(
        self, id: ArtifactId, purpose: Purpose, on_drop: Callable[[], None], sealed: bytes | None = None
    ) -> bytearray:
        if id != ID:
            raise Gone()
        await self.answers.wait()
        self.purposes.append(purpose)
        self.on_drop[id] = on_drop
        return bytearray(sealed or b"file")

    async def release(self, id: ArtifactId, buffer: bytearray | None = None) -> None:
        self.released.append(id)
        if buffer is not None:
            buffer[:] = bytes(len(buffer))


class Engine:
    """Takes what it is given, unless told otherwise."""

    def __init__(self, drop: Callable[[AdapterId], Future[None]] | None = None, takes: bool = True) -> None:
        self._drop, self._takes = drop, takes
        self.given: list[bytearray] = []

    def drop_adapter(self, id: AdapterId) -> Future[None]:
        assert self._drop is not None
        return self._drop(id)

    def give_adapter(self, id: AdapterId, data: bytearray) -> bool:
        self.given.append(data)
        return self._takes


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

    gate.connect(Engine(drop))
    await asyncio.to_thread(gate.fetch, ID)
    holder.on_drop[ArtifactId(ID)]()
    order.append("acknowledged")
    assert order == ["engine drops adapter", "acknowledged"]


async def test_an_engine_that_does_not_drop_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapters, "DROP_TIMEOUT_S", 0.01)
    holder = Holder()
    gate = AdapterGate(holder)
    gate.connect(Engine(lambda id: Future()))
    await asyncio.to_thread(gate.fetch, ID)
    with pytest.raises(TimeoutError):
        holder.on_drop[ArtifactId(ID)]()


async def test_what_is_handed_over_is_held_for_generation_and_given_to_the_engine_once() -> None:
    holder, engine = Holder(), Engine()
    gate = AdapterGate(holder)
    gate.connect(engine)
    assert await gate.receive(ArtifactId(ID), b"sealed")
    assert not await gate.receive(ArtifactId(ID), b"sealed"), "it is here"
    assert engine.given == [bytearray(b"sealed")]
    assert holder.purposes == [Purpose.GENERATION]
    gate.released(ID)
    await asyncio.sleep(0.01)
    assert await gate.receive(ArtifactId(ID), b"sealed"), "it was gone again"


async def test_what_the_engine_does_not_take_is_let_go() -> None:
    holder, engine = Holder(), Engine(takes=False)
    gate = AdapterGate(holder)
    gate.connect(engine)
    assert not await gate.receive(ArtifactId(ID), b"sealed")
    assert (holder.released, engine.given) == ([ID], [bytearray(6)])
    assert await asyncio.to_thread(gate.fetch, ID) == bytearray(b"file")


async def test_what_is_fetched_meanwhile_is_not_given_besides() -> None:
    """The engine lets go of an adapter as a whole: a second copy would be zeroed under it."""
    holder, engine = Holder(), Engine()
    gate = AdapterGate(holder)
    gate.connect(engine)
    holder.answers.clear()
    receiving = asyncio.create_task(gate.receive(ArtifactId(ID), b"sealed"))
    await asyncio.sleep(0)
    fetching = asyncio.create_task(asyncio.to_thread(gate.fetch, ID))
    await asyncio.sleep(0.05)
    holder.answers.set()
    assert await fetching == bytearray(b"file")
    assert not await receiving
    assert engine.given == []


async def test_what_governance_refuses_is_not_received() -> None:
    gate = AdapterGate(Holder())
    gate.connect(Engine())
    for _ in range(2):
        with pytest.raises(Gone):
            await gate.receive(ArtifactId("another"), b"sealed")
