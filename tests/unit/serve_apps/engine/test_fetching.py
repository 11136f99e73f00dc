"""Fetching off the engine's thread: arrivals, failures, and copies discarded while still on their way."""

from __future__ import annotations

import threading

import pytest
import torch

from serve_apps.engine.fetching import Fetcher
from serve_apps.engine.hostcache import HostAdapter
from serve_apps.engine.model import AdapterId

A, B = AdapterId("a"), AdapterId("b")


class Parsed:
    def __init__(self, data: bytes | bytearray) -> None:
        self.flat = torch.tensor(list(data), dtype=torch.float32)

    @property
    def nbytes(self) -> int:
        return self.flat.nbytes

    def wipe(self) -> None:
        self.flat.zero_()


class Storage:
    """Serves bytes, each fetch waiting at a gate."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.ready = threading.Semaphore(0)
        self.calls: list[AdapterId] = []
        self.served: list[bytearray] = []
        self.parsed: list[Parsed] = []

    def fetch(self, id: AdapterId) -> bytearray:
        self.calls.append(id)
        assert self.gate.wait(10)
        if id == B:
            raise KeyError("no such adapter")
        self.served.append(bytearray(b"\x01\x02\x03"))
        return self.served[-1]

    def parse(self, data: bytes | bytearray) -> HostAdapter:
        self.parsed.append(Parsed(data))
        return self.parsed[-1]

    def fetcher(self) -> Fetcher:
        return Fetcher(self.fetch, self.parse, threads=2, ready=self.ready.release)


def test_an_adapter_arrives_parsed_and_its_bytes_are_zeroed() -> None:
    storage = Storage()
    fetcher = storage.fetcher()
    fetcher.request(A)
    assert storage.ready.acquire(timeout=10)
    [arrival] = fetcher.collect()
    assert arrival.id == A
    assert arrival.error is None
    assert storage.parsed[0].flat.tolist() == [1.0, 2.0, 3.0]
    assert storage.served[0] == bytearray(3)
    assert A not in fetcher
    fetcher.close()


def test_a_failure_arrives_as_its_reason() -> None:
    storage = Storage()
    fetcher = storage.fetcher()
    fetcher.request(B)
    assert storage.ready.acquire(timeout=10)
    [arrival] = fetcher.collect()
    assert arrival.adapter is None
    assert isinstance(arrival.error, KeyError)
    fetcher.close()


def test_asking_twice_fetches_once() -> None:
    storage = Storage()
    storage.gate.clear()
    fetcher = storage.fetcher()
    fetcher.request(A)
    fetcher.request(A)
    assert A in fetcher
    storage.gate.set()
    assert storage.ready.acquire(timeout=10)
    fetcher.request(A)
    assert len(fetcher.collect()) == 1
    assert storage.calls == [A]
    fetcher.close()


@pytest.mark.parametrize("when", ["on its way", "in the mailbox"])
def test_a_discarded_copy_is_wiped_and_never_handed_over(when: str) -> None:
    storage = Storage()
    storage.gate.clear()
    fetcher = storage.fetcher()
    fetcher.request(A)
    if when == "on its way":
        fetcher.discard(A)
        storage.gate.set()
    else:
        storage.gate.set()
        assert storage.ready.acquire(timeout=10)
        fetcher.discard(A)
    fetcher.close()
    assert fetcher.collect() == []
    assert not any(parsed.flat.any() for parsed in storage.parsed)


def test_closing_wipes_what_nobody_collected() -> None:
    storage = Storage()
    fetcher = storage.fetcher()
    fetcher.request(A)
    assert storage.ready.acquire(timeout=10)
    fetcher.close()
    assert not storage.parsed[0].flat.any()
    assert fetcher.collect() == []


def test_what_is_given_arrives_without_being_fetched_and_is_zeroed() -> None:
    storage = Storage()
    fetcher = storage.fetcher()
    data = bytearray(b"\x01\x02\x03")
    assert fetcher.give(A, data)
    assert storage.ready.acquire(timeout=10)
    assert not fetcher.give(A, data), "it lies in the mailbox"
    [arrival] = fetcher.collect()
    assert (arrival.id, arrival.error, storage.calls) == (A, None, [])
    assert storage.parsed[0].flat.tolist() == [1.0, 2.0, 3.0]
    assert data == bytearray(3)
    fetcher.close()


def test_what_is_on_its_way_already_is_not_taken_a_second_time() -> None:
    storage = Storage()
    storage.gate.clear()
    fetcher = storage.fetcher()
    fetcher.request(A)
    data = bytearray(b"\x01\x02\x03")
    assert not fetcher.give(A, data)
    storage.gate.set()
    fetcher.close()
    assert not fetcher.give(A, data), "nobody would collect it"
    assert data == bytearray(b"\x01\x02\x03"), "it stays the caller's"


def test_what_was_given_and_discarded_before_its_turn_is_zeroed() -> None:
    storage = Storage()
    storage.gate.clear()
    fetcher = storage.fetcher()
    for busy in (AdapterId("c"), AdapterId("d")):
        fetcher.request(busy)
    data = bytearray(b"\x01\x02\x03")
    assert fetcher.give(A, data)
    fetcher.discard(A)
    assert data == bytearray(3)
    storage.gate.set()
    fetcher.close()
    assert len(storage.parsed) <= 2
