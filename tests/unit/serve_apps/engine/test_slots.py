"""The library of adapters: least recently used ones leave, pinned ones stay, dropped ones leave no copy."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from serve_apps.engine.fetching import Fetcher
from serve_apps.engine.hostcache import HostAdapter, HostCache
from serve_apps.engine.model import AdapterId
from serve_apps.engine.slots import BASE_SLOT, Absent, AdapterLibrary

IDS = [AdapterId(letter) for letter in "abcdef"]
A, B, C, D, E, F = IDS


class Parsed:
    def __init__(self, data: bytes | bytearray) -> None:
        self.flat = torch.tensor([float(data[0])])
        self.big = data[0] >= ord("e")

    @property
    def nbytes(self) -> int:
        return self.flat.nbytes

    def wipe(self) -> None:
        self.flat.zero_()


class Stack:
    """Two slots for small adapters, one for big ones; none for `f`."""

    def __init__(self) -> None:
        self.slots: dict[int, float] = {}

    def slots_for(self, adapter: HostAdapter) -> range:
        assert isinstance(adapter, Parsed)
        if adapter.flat[0] == ord("f"):
            raise ValueError("rank 999 is above the largest served here")
        return range(3, 4) if adapter.big else range(1, 3)

    def load(self, slot: int, adapter: HostAdapter) -> None:
        assert isinstance(adapter, Parsed)
        assert slot not in self.slots
        self.slots[slot] = float(adapter.flat[0])

    def evict(self, slot: int) -> None:
        del self.slots[slot]


class Bench:
    def __init__(self, host_bytes: int = 1000) -> None:
        self.stack, self.released, self.ready = Stack(), list[AdapterId](), list[None]()
        fetcher = Fetcher(lambda id: bytearray(id.encode()), Parsed, 1, lambda: self.ready.append(None))
        self.fetcher = fetcher
        self.library = AdapterLibrary(self.stack, HostCache(host_bytes), fetcher, self.released.append)

    def bring(self, *ids: AdapterId) -> dict[AdapterId, BaseException]:
        """Fetch one after the other, so that their order in the cache is known."""
        failed: dict[AdapterId, BaseException] = {}
        for id in ids:
            assert not self.library.prefetch(id)
            while id in self.fetcher:
                failed |= self.library.collect()[1]
        return failed


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.library.close()


def test_the_base_needs_no_slot(bench: Bench) -> None:
    assert bench.library.prefetch(None)
    assert bench.library.acquire(None) == BASE_SLOT
    bench.library.release(None)


def test_an_adapter_is_fetched_once_then_loaded_once(bench: Bench) -> None:
    assert bench.library.acquire(A) is Absent.ON_ITS_WAY
    while A in bench.fetcher:
        bench.library.collect()
    first, second = bench.library.acquire(A), bench.library.acquire(A)
    assert first == second == 1
    assert bench.stack.slots == {1: ord("a")}
    assert (bench.library.fetches, bench.library.loads) == (1, 1)


def test_the_least_recently_used_unpinned_adapter_leaves(bench: Bench) -> None:
    bench.bring(A, B, C)
    for id in (A, B):
        bench.library.acquire(id)
    assert bench.library.acquire(C) is Absent.ALL_SLOTS_IN_USE
    bench.library.release(B)
    assert bench.library.acquire(C) == 2
    assert bench.library.resident == (A, C)
    bench.library.release(A)
    bench.library.release(C)
    bench.library.acquire(A)
    bench.library.release(A)
    assert bench.library.acquire(B) == 2, "C was used before A and leaves first"
    assert bench.library.evictions == 2


def test_rank_buckets_do_not_take_each_others_slots(bench: Bench) -> None:
    bench.bring(A, B, E)
    assert [bench.library.acquire(id) for id in (A, B, E)] == [1, 2, 3]


def test_what_no_slot_can_hold_fails_with_the_reason(bench: Bench) -> None:
    failed = bench.bring(F)
    assert "rank 999" in str(failed[F])
    assert bench.library.in_host_memory == ()
    assert bench.released == [F]


def test_dropping_zeroes_every_copy(bench: Bench) -> None:
    bench.bring(A)
    bench.library.acquire(A)
    parsed = bench.library._cache.get(A)
    bench.library.release(A)
    bench.library.drop(A)
    assert bench.stack.slots == {}
    assert isinstance(parsed, Parsed)
    assert not parsed.flat.any()
    assert bench.library.acquire(A) is Absent.ON_ITS_WAY


def test_dropping_what_is_in_use_is_a_mistake(bench: Bench) -> None:
    bench.bring(A)
    bench.library.acquire(A)
    with pytest.raises(AssertionError, match="a is in use"):
        bench.library.drop(A)


def test_a_lease_is_given_back_when_the_last_copy_is_gone() -> None:
    bench = Bench(host_bytes=4)
    bench.bring(A)
    bench.library.acquire(A)
    bench.bring(B)
    assert bench.released == [], "A left host memory but still has its slot"
    bench.library.release(A)
    bench.library.acquire(B)
    bench.bring(C)
    bench.library.acquire(C)
    assert bench.released == [A]
    bench.library.close()
    assert set(bench.released) == {A, B, C}
    assert bench.stack.slots == {}


def test_wanted_adapters_stay_in_host_memory() -> None:
    bench = Bench(host_bytes=8)
    bench.bring(A, B)
    bench.library.want(A)
    bench.bring(C)
    assert bench.library.in_host_memory == (A, C)
    bench.library.unwant(A)
    bench.library.close()
