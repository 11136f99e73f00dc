"""The host tier: bounded bytes, order of leaving, and zeroing of whatever leaves."""

from __future__ import annotations

import torch

from serve_apps.engine.hostcache import HostCache
from serve_apps.engine.model import AdapterId


class Parsed:
    def __init__(self, floats: int) -> None:
        self.flat = torch.ones(floats)

    @property
    def nbytes(self) -> int:
        return self.flat.nbytes

    def wipe(self) -> None:
        self.flat.zero_()


A, B, C, D = (AdapterId(name) for name in "abcd")


def test_the_least_recently_used_leaves_and_is_zeroed() -> None:
    cache = HostCache(capacity_bytes=2 * 40)
    first, second = Parsed(10), Parsed(10)
    cache.put(A, first)
    cache.put(B, second)
    assert cache.get(A) is first
    assert cache.put(C, Parsed(10)) == [B]
    assert not second.flat.any()
    assert first.flat.all()
    assert cache.bytes == 80


def test_what_waiting_requests_want_leaves_last() -> None:
    cache = HostCache(capacity_bytes=2 * 40)
    cache.put(A, Parsed(10))
    cache.put(B, Parsed(10))
    cache.want(A)
    assert cache.put(C, Parsed(10)) == [B]
    cache.want(C)
    assert cache.put(D, Parsed(10)) == [A]
    cache.unwant(C)
    assert cache.put(B, Parsed(10)) == [C]


def test_a_giant_is_held_alone() -> None:
    cache = HostCache(capacity_bytes=10)
    cache.put(A, Parsed(1))
    assert cache.put(B, Parsed(100)) == [A]
    assert B in cache
    assert len(cache) == 1


def test_dropping_zeroes() -> None:
    cache = HostCache(capacity_bytes=1000)
    parsed = Parsed(10)
    cache.put(A, parsed)
    assert cache.drop(A)
    assert not cache.drop(A)
    assert not parsed.flat.any()
    assert cache.bytes == 0
    assert cache.get(A) is None


def test_replacing_zeroes_the_old_copy() -> None:
    cache = HostCache(capacity_bytes=1000)
    old, new = Parsed(10), Parsed(20)
    cache.put(A, old)
    assert cache.put(A, new) == []
    assert not old.flat.any()
    assert cache.bytes == 80


def test_clearing_zeroes_everything() -> None:
    cache = HostCache(capacity_bytes=1000)
    held = [Parsed(3), Parsed(4)]
    cache.put(A, held[0])
    cache.put(B, held[1])
    cache.clear()
    assert list(cache) == []
    assert not any(parsed.flat.any() for parsed in held)
