"""Admission with adapters: fetching, fair turns, dropped adapters, and a device that runs out of memory."""

from __future__ import annotations

import dataclasses
import itertools
import threading
from typing import Any

import pytest
import torch

from serve_apps.engine.config import EngineConfig
from serve_apps.engine.engine import Engine
from serve_apps.engine.errors import AdapterDropped, AdapterUnavailable, EngineError
from serve_apps.engine.model import AccountId, AdapterId, GenerationRequest, RequestId, Size
from tests.unit.serve_apps.engine.tiny import TinyBase, finish, tiny_adapter

SIZE = Size(16, 16)
CONFIG = EngineConfig(sizes=(SIZE,), max_rows=4, row_buckets=(4,), slots=4, rank_buckets=(4,), fetch_threads=2)
_numbers = itertools.count()


class Storage:
    """Adapter files behind a gate that tests open and close."""

    def __init__(self, base: TinyBase, count: int = 3) -> None:
        made = [tiny_adapter(base, n, text=n == 0) for n in range(count)]
        self.files = {adapter.id: adapter.data for adapter in made}
        self.ids = list(self.files)
        self.open = threading.Event()
        self.open.set()
        self.asked: list[AdapterId] = []
        self.released: list[AdapterId] = []

    def fetch(self, id: AdapterId) -> bytearray:
        self.asked.append(id)
        assert self.open.wait(20)
        return bytearray(self.files[id])

    def engine(self, base: TinyBase, **changes: Any) -> Engine:
        return Engine(base.copy(), dataclasses.replace(CONFIG, **changes), self.fetch, self.released.append)


@pytest.fixture
def storage(base: TinyBase) -> Storage:
    return Storage(base)


def request(adapter: AdapterId | None, **changes: Any) -> GenerationRequest:
    number = next(_numbers)
    request = GenerationRequest(
        RequestId(f"b{number}"), AccountId("a"), "a portrait", adapter, seed=number, steps=4, size=SIZE
    )
    return dataclasses.replace(request, **changes)


def test_an_adapter_is_fetched_as_soon_as_its_request_arrives(base: TinyBase, storage: Storage) -> None:
    engine = storage.engine(base)
    ticket = engine.submit(request(storage.ids[0]))
    finish(engine, [ticket.future])
    assert storage.asked == [storage.ids[0]]
    assert ticket.future.result().join_wait_steps == 0
    engine.close()
    assert storage.released == [storage.ids[0]]


def test_others_pass_a_request_whose_adapter_is_on_its_way(base: TinyBase, storage: Storage) -> None:
    storage.open.clear()
    engine = storage.engine(base)
    slow, quick = engine.submit(request(storage.ids[0])), engine.submit(request(None))
    finish(engine, [quick.future])
    assert not slow.future.done()
    storage.open.set()
    finish(engine, [slow.future])
    assert slow.future.result().join_wait_steps <= 1
    engine.close()


def test_dropping_an_adapter_ends_all_that_use_it_and_nobody_else(base: TinyBase, storage: Storage) -> None:
    engine = storage.engine(base)
    gone, stays = storage.ids[0], storage.ids[1]
    running = [engine.submit(request(id, steps=30)) for id in (gone, stays)]
    while engine.stats().running < 2:
        engine.step()
    waiting = engine.submit(request(gone))
    engine.step()
    left_when_told: list[tuple[str, ...]] = []
    for ticket in (running[0], waiting):
        ticket.future.add_done_callback(lambda _: left_when_told.append(engine.stats().resident))
    dropped = engine.drop_adapter(gone)
    engine.step()
    assert dropped.done()
    assert left_when_told == [(stays,), (stays,)]
    for ticket in (running[0], waiting):
        assert isinstance(ticket.future.exception(timeout=0), AdapterDropped)
    assert engine.stats().resident == (stays,)
    assert gone not in engine.stats().in_host_memory
    assert storage.released == [gone]
    finish(engine, [running[1].future])
    engine.close()


def test_a_dropped_adapter_on_its_way_never_arrives(base: TinyBase, storage: Storage) -> None:
    storage.open.clear()
    engine = storage.engine(base)
    ticket = engine.submit(request(storage.ids[0]))
    engine.step()
    engine.drop_adapter(storage.ids[0])
    engine.step()
    storage.open.set()
    assert isinstance(ticket.future.exception(timeout=0), AdapterDropped)
    engine.close()
    assert engine.stats().resident == ()
    assert engine.stats().in_host_memory == ()


def test_after_closing_no_copy_of_any_adapter_is_left(base: TinyBase, storage: Storage) -> None:
    engine = storage.engine(base)
    tickets = [engine.submit(request(id)) for id in storage.ids]
    finish(engine, [ticket.future for ticket in tickets])
    stacks = engine._batcher._chooser
    engine.close()
    assert sorted(storage.released) == sorted(storage.ids)
    for stack in stacks._all.values():  # type: ignore[attr-defined]
        assert not any(buffer.any() for held in (stack._pool, stack._rows) for buffer in held.values())


def test_an_adapter_that_cannot_be_had_fails_only_its_requests(base: TinyBase, storage: Storage) -> None:
    engine = storage.engine(base)
    missing, fine = engine.submit(request(AdapterId("nobody"))), engine.submit(request(None))
    finish(engine, [missing.future, fine.future])
    assert isinstance(missing.future.exception(), AdapterUnavailable)
    assert fine.future.exception() is None
    engine.close()


def test_running_out_of_device_memory_ends_the_batch_and_not_the_engine(
    base: TinyBase, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = storage.engine(base)
    ticket = engine.submit(request(None))
    denoise = engine._batcher._denoiser

    def full(*_: object) -> None:
        raise torch.OutOfMemoryError("no room")

    with monkeypatch.context() as patch:
        patch.setattr(engine._batcher, "_denoiser", full)
        engine.step()
    assert engine._batcher._denoiser is denoise
    error = ticket.future.exception(timeout=0)
    assert isinstance(error, EngineError)
    assert "lower max_rows" in str(error)
    after = engine.submit(request(None))
    finish(engine, [after.future])
    assert after.future.exception() is None
    engine.close()


def test_drops_and_cancellations_on_a_running_engine(base: TinyBase, storage: Storage) -> None:
    engine = storage.engine(base)
    engine.start()
    tickets = [engine.submit(request(storage.ids[n % 3], steps=6)) for n in range(9)]
    engine.cancel(tickets[0].id)
    dropped = engine.drop_adapter(storage.ids[1])
    dropped.result(timeout=60)
    assert engine.drain(timeout_s=60)
    assert all(ticket.future.done() for ticket in tickets)
    assert all(tickets[n].future.exception() is None for n in (2, 3, 5, 6, 8))
    engine.close()
