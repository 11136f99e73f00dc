"""One replica over a holder that stands for governance: reports, failures as events, erasure while it drains."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from diffusers import DDIMScheduler

from governance.errors import Gone
from governance.model import ArtifactId, NewArtifact, Purpose
from governance.transport import Transport
from serve_apps.config import GeneratorSettings, ImageSettings, ServeSettings
from serve_apps.engine.config import Execution
from serve_apps.engine.engine import Engine
from serve_apps.engine.model import Size
from serve_apps.generator.adapters import AdapterGate
from serve_apps.generator.build import engine_config, engine_for, load_base, size_of
from serve_apps.generator.pictures import png_of
from serve_apps.generator.replica import GeneratorReplica
from serve_apps.generator.routing import REPORT, RESIDENT
from serve_apps.generator.scaling import QUEUED_STEPS
from serve_apps.generator.wire import Event, Failed, Finished, seal_order
from tests.integration.waiting import until
from tests.unit.serve_apps.engine.tiny import TinyBase, tiny_adapter, tiny_base
from tests.unit.serve_apps.generator.orders import order, transport

SETTINGS = ServeSettings(
    images=ImageSettings(sizes=("16x32",), max_steps=500), generator=GeneratorSettings(max_batch=2, drain_s=120)
)


@dataclass
class Written:
    id: ArtifactId


@dataclass
class Holder:
    """Holds adapter files, and calls back when they must be dropped, as `governance.holder.Holder` does."""

    file: bytes
    transport: Transport = field(default_factory=transport)
    held: dict[ArtifactId, Callable[[], None]] = field(default_factory=dict)
    closed: bool = False
    erased: bool = False
    from_storage: int = 0

    async def hold(
        self, id: ArtifactId, purpose: Purpose, on_drop: Callable[[], None], sealed: bytes | None = None
    ) -> bytearray:
        if self.erased:
            raise Gone()
        self.held[id] = on_drop
        self.from_storage += sealed is None
        return bytearray(self.file if sealed is None else sealed)

    async def release(self, id: ArtifactId, buffer: bytearray | None = None) -> None:
        self.held.pop(id, None)

    async def write(self, new: NewArtifact, data: bytes | bytearray) -> Any:
        return Written(ArtifactId("picture"))

    async def close(self) -> None:
        self.closed = True


@pytest.fixture(scope="module")
def base() -> TinyBase:
    return tiny_base("epsilon")


@pytest.fixture
def holder(base: TinyBase) -> Holder:
    return Holder(tiny_adapter(base, 1).data)


async def replica_of(base: TinyBase, holder: Any) -> GeneratorReplica:
    made = GeneratorReplica.__new__(GeneratorReplica)
    gate = AdapterGate(holder)
    await made.assemble(SETTINGS, engine_for(base.copy(), SETTINGS, gate), gate, holder, "one", png_of)
    return made


async def events_of(replica: GeneratorReplica, **changes: Any) -> list[Event]:
    call = seal_order(order(**changes), transport())
    return [event async for event in replica.generate(call)]


async def busy(replica: GeneratorReplica) -> None:
    """Until an order runs with its adapter in a slot."""
    await asyncio.to_thread(
        until,
        lambda: replica.record_autoscaling_stats()[QUEUED_STEPS] and replica.record_routing_stats()[RESIDENT],
        within_s=60,
    )


async def test_a_replica_makes_pictures_and_reports(base: TinyBase, holder: Holder) -> None:
    replica = await replica_of(base, holder)
    await replica.check_health()
    events = await events_of(replica, steps=3)
    assert events[-1] == Finished(0, ArtifactId("picture"), 7)
    report = replica.record_routing_stats()
    assert set(report[RESIDENT]) == {"adapter"}
    assert report[QUEUED_STEPS] == 0
    assert replica.record_routing_stats()[REPORT] == report[REPORT] + 1
    await replica.__del__()
    assert holder.closed


async def test_an_adapter_that_was_handed_over_makes_pictures_without_storage(base: TinyBase, holder: Holder) -> None:
    replica = await replica_of(base, holder)
    assert await replica.receive(ArtifactId("adapter"), holder.file)
    assert not await replica.receive(ArtifactId("adapter"), holder.file)
    await asyncio.to_thread(until, lambda: replica.record_routing_stats()[RESIDENT] == ["adapter"], within_s=60)
    events = await events_of(replica, steps=3)
    assert isinstance(events[-1], Finished)
    assert holder.from_storage == 0
    await asyncio.to_thread(holder.held[ArtifactId("adapter")])
    assert replica.record_routing_stats()[RESIDENT] == []
    holder.erased = True
    assert not await replica.receive(ArtifactId("adapter"), holder.file)
    await replica.__del__()


async def test_failures_are_events_that_quote_nobody(base: TinyBase, holder: Holder) -> None:
    replica = await replica_of(base, holder)
    [refused] = await events_of(replica, steps=5000)
    assert isinstance(refused, Failed)
    assert refused.code == "invalid_request"
    sealed = seal_order(order(), transport())
    [broken] = [event async for event in replica.generate(type(sealed)(None, 1, b"a secret garden"))]
    assert isinstance(broken, Failed)
    assert "secret" not in broken.detail
    await replica.__del__()


async def test_draining_lets_what_is_under_way_finish_and_takes_nothing_new(base: TinyBase, holder: Holder) -> None:
    replica = await replica_of(base, holder)
    under_way = asyncio.ensure_future(events_of(replica, steps=100))
    await busy(replica)
    ending = asyncio.ensure_future(replica.__del__())
    await asyncio.sleep(0.05)
    [refused] = await events_of(replica, steps=1)
    assert isinstance(refused, Failed)
    assert (refused.code, refused.retry_after_s) == ("draining", 2.0)
    assert isinstance((await under_way)[-1], Finished)
    await ending
    assert holder.held == {}, "every adapter was given back"
    with pytest.raises(RuntimeError, match="engine stopped"):
        await replica.check_health()


async def test_erasure_reaches_a_replica_that_drains(base: TinyBase, holder: Holder) -> None:
    replica = await replica_of(base, holder)
    under_way = asyncio.ensure_future(events_of(replica, steps=500))
    await busy(replica)
    ending = asyncio.ensure_future(replica.__del__())
    await asyncio.sleep(0.05)
    await asyncio.to_thread(holder.held[ArtifactId("adapter")])
    assert replica.record_routing_stats()[RESIDENT] == []
    failed = (await under_way)[-1]
    assert isinstance(failed, Failed)
    assert failed.code == "gone"
    await ending


async def test_a_replica_that_starts_holds_nothing_and_later_asks_governance(
    base: TinyBase, holder: Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is erased while code is still being compiled has no copy here, and gets none afterwards."""
    held_while_starting: list[int] = []

    def warm(engine: Engine) -> None:
        held_while_starting.append(len(holder.held) + engine.stats().fetches)
        holder.erased = True

    monkeypatch.setattr(Engine, "warm", warm)
    replica = await replica_of(base, holder)
    failed = (await events_of(replica, steps=3))[-1]
    assert held_while_starting == [0]
    assert isinstance(failed, Failed)
    assert failed.code == "gone"
    await replica.__del__()


async def test_erasure_reaches_a_replica_that_has_ended(base: TinyBase, holder: Holder) -> None:
    replica = await replica_of(base, holder)
    await events_of(replica, steps=1)
    drop = holder.held[ArtifactId("adapter")]
    await replica.__del__()
    await asyncio.wait_for(asyncio.to_thread(drop), 2)


def test_the_engine_is_sized_by_the_settings() -> None:
    settings = ServeSettings(
        images=ImageSettings(sizes=("64x64", "64x96"), max_steps=40),
        generator=GeneratorSettings(max_batch=3, slots=2, max_queued=9, execution="compiled"),
    )
    config = engine_config(settings)
    assert config.sizes == (Size(64, 64), Size(96, 64))
    assert (config.max_rows, config.row_buckets) == (6, (1, 2, 4, 6))
    assert config.slots == 6, "every row may pin a slot of its own"
    assert (config.max_waiting, config.max_steps, config.execution) == (9, 40, Execution.COMPILED)
    assert config.memory_bytes is None


def test_memory_and_layers_are_bounded_by_the_settings() -> None:
    bounded = GeneratorSettings(memory_mb=3, host_cache_mb=5, rank_buckets=(8,), targets=("to_q",))
    config = engine_config(ServeSettings(generator=bounded))
    assert (config.memory_bytes, config.host_cache_bytes) == (3 << 20, 5 << 20)
    assert (config.rank_buckets, config.targets) == ((8,), ("to_q",))


def test_sizes_are_written_width_first() -> None:
    assert size_of("512x768") == Size(height=768, width=512)


def test_a_base_is_loaded_from_a_folder(base: TinyBase, tmp_path: Any) -> None:
    pipeline = base.pipeline()
    pipeline.register_modules(scheduler=DDIMScheduler.from_config(base.scheduler_config))
    pipeline.save_pretrained(tmp_path, safe_serialization=True)
    loaded = load_base(GeneratorSettings(base=str(tmp_path), dtype="bfloat16"))
    assert str(loaded.dtype) == "torch.bfloat16"
