"""Which adapter sits in which slot, and how one gets there: slot on the device, host memory, sealed storage.

    storage ──fetch──▶ host cache ──load──▶ slot        (prefetched when a request arrives)
                           ▲                  │
                           └── stays ◀─ evict ┘          (least recently used, never one that is in use)

A slot is zeroed when its adapter leaves. `released` tells the owner when the last copy here is gone, so that a lease
on it can be given back. All of it belongs to the engine's thread, except `prefetch` and `give`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

from serve_apps.engine.fetching import Fetcher
from serve_apps.engine.hostcache import HostAdapter, HostCache
from serve_apps.engine.model import AdapterId

BASE_SLOT = 0
"""The slot of all zeros: the base model itself."""


class SlotStack(Protocol):
    """Where adapters are resident: numbered places that a batch's rows refer to."""

    def slots_for(self, adapter: HostAdapter) -> range:
        """The slots of the smallest rank bucket that holds `adapter`; raises `ValueError` when none does."""

    def load(self, slot: int, adapter: HostAdapter) -> None:
        """Copy `adapter` into `slot`."""

    def evict(self, slot: int) -> None:
        """Zero `slot`."""


class Absent(Enum):
    """Why an adapter has no slot now."""

    ON_ITS_WAY = auto()
    ALL_SLOTS_IN_USE = auto()


@dataclass(slots=True)
class _Resident:
    slot: int
    pins: int = 0
    used_at: int = 0


class AdapterLibrary:
    """Slots, host cache and fetching of one engine."""

    def __init__(
        self, stack: SlotStack, cache: HostCache, fetcher: Fetcher, released: Callable[[AdapterId], None]
    ) -> None:
        self._stack, self._cache, self._fetcher, self._released = stack, cache, fetcher, released
        self._resident: dict[AdapterId, _Resident] = {}
        self._taken: dict[int, AdapterId] = {}
        self._uses = 0
        self.loads = self.evictions = self.fetches = 0

    def prefetch(self, id: AdapterId | None) -> bool:
        """Start bringing the adapter near, unless it is; True when it is near already. Any thread may call."""
        if id is None or id in self._resident or id in self._cache:
            return True
        self._fetcher.request(id)
        return False

    def give(self, id: AdapterId, data: bytearray) -> bool:
        """An adapter's file, before anybody asked for it; it is zeroed once it is parsed. False, and it stays the
        caller's, when the adapter is near or on its way already. Any thread may call."""
        if id in self._resident or id in self._cache:
            return False
        return self._fetcher.give(id, data)

    def want(self, id: AdapterId | None) -> None:
        """A request for `id` waits."""
        if id is not None:
            self._cache.want(id)

    def unwant(self, id: AdapterId | None) -> None:
        """A request for `id` waits no longer."""
        if id is not None:
            self._cache.unwant(id)

    def collect(self) -> tuple[list[AdapterId], dict[AdapterId, BaseException]]:
        """Take in what was fetched: ids that are near now, and those that could not be had, with the reason."""
        near: list[AdapterId] = []
        failed: dict[AdapterId, BaseException] = {}
        for arrival in self._fetcher.collect():
            if arrival.adapter is None:
                failed[arrival.id] = arrival.error or RuntimeError("nothing came back")
                continue
            try:
                self._stack.slots_for(arrival.adapter)
            except ValueError as error:
                arrival.adapter.wipe()
                failed[arrival.id] = error
                continue
            self.fetches += 1
            near.append(arrival.id)
            for left in self._cache.put(arrival.id, arrival.adapter):
                self._tell_if_gone(left)
        for id in failed:
            self._tell_if_gone(id)
        return near, failed

    def acquire(self, id: AdapterId | None) -> int | Absent:
        """The slot of `id`, pinned until `release`; loads it if it is in host memory."""
        if id is None:
            return BASE_SLOT
        resident = self._resident.get(id) or self._load(id)
        if isinstance(resident, Absent):
            return resident
        resident.pins += 1
        self._uses += 1
        resident.used_at = self._uses
        return resident.slot

    def release(self, id: AdapterId | None) -> None:
        """Undo one `acquire`."""
        if id is not None:
            self._resident[id].pins -= 1
            assert self._resident[id].pins >= 0, f"{id} was released more often than acquired"

    def drop(self, id: AdapterId) -> None:
        """Zero every copy of `id`: slot, host memory, and one on its way. Nobody may be using it."""
        if id in self._resident:
            assert not self._resident[id].pins, f"{id} is in use"
            self._evict(id)
        self._cache.drop(id)
        self._fetcher.discard(id)
        self._released(id)

    def close(self) -> None:
        """Zero everything, and what is still on its way when it arrives."""
        held = {*self._resident, *self._cache}
        for id in list(self._resident):
            self._evict(id)
        self._cache.clear()
        for id in held | set(self._fetcher.close()):
            self._released(id)

    @property
    def resident(self) -> tuple[AdapterId, ...]:
        """The adapters that have a slot."""
        return tuple(self._resident)

    @property
    def in_host_memory(self) -> tuple[AdapterId, ...]:
        return tuple(self._cache)

    @property
    def host_bytes(self) -> int:
        return self._cache.bytes

    def _load(self, id: AdapterId) -> _Resident | Absent:
        adapter = self._cache.get(id)
        if adapter is None:
            self._fetcher.request(id)
            return Absent.ON_ITS_WAY
        slot = self._free_slot(self._stack.slots_for(adapter))
        if slot is None:
            return Absent.ALL_SLOTS_IN_USE
        self._stack.load(slot, adapter)
        self.loads += 1
        self._taken[slot] = id
        self._resident[id] = _Resident(slot)
        return self._resident[id]

    def _free_slot(self, slots: range) -> int | None:
        free = next((slot for slot in slots if slot not in self._taken), None)
        if free is not None:
            return free
        idle = [self._taken[slot] for slot in slots if not self._resident[self._taken[slot]].pins]
        if not idle:
            return None
        oldest = min(idle, key=lambda id: self._resident[id].used_at)
        slot = self._evict(oldest)
        self._tell_if_gone(oldest)
        return slot

    def _evict(self, id: AdapterId) -> int:
        slot = self._resident.pop(id).slot
        del self._taken[slot]
        self._stack.evict(slot)
        self.evictions += 1
        return slot

    def _tell_if_gone(self, id: AdapterId) -> None:
        if id not in self._resident and id not in self._cache:
            self._released(id)
