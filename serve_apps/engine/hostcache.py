"""Parsed adapters in host memory: the tier between the slots on the device and sealed storage.

The cache is bounded in bytes. What leaves it, because others need the room or because it was dropped, is zeroed
first. Adapters that waiting requests want are the last to go. It belongs to the engine's thread.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterator
from typing import Protocol

from serve_apps.engine.model import AdapterId


class HostAdapter(Protocol):
    """An adapter parsed and folded, ready to be copied into a slot."""

    @property
    def nbytes(self) -> int: ...

    def wipe(self) -> None:
        """Overwrite all of it with zeros."""


class HostCache:
    """Least recently used adapters leave first, wanted ones last."""

    def __init__(self, capacity_bytes: int) -> None:
        self._capacity = capacity_bytes
        self._held: OrderedDict[AdapterId, HostAdapter] = OrderedDict()
        self._wanted: Counter[AdapterId] = Counter()
        self.bytes = 0

    def __contains__(self, id: AdapterId) -> bool:
        return id in self._held

    def __len__(self) -> int:
        return len(self._held)

    def __iter__(self) -> Iterator[AdapterId]:
        return iter(list(self._held))

    def get(self, id: AdapterId) -> HostAdapter | None:
        """The adapter, marked as just used; None when it is not held."""
        if id in self._held:
            self._held.move_to_end(id)
        return self._held.get(id)

    def put(self, id: AdapterId, adapter: HostAdapter) -> list[AdapterId]:
        """Hold `adapter`; returns the ids that had to leave for it. One that is larger than the cache is held alone."""
        self.drop(id)
        self._held[id] = adapter
        self.bytes += adapter.nbytes
        left = []
        while self.bytes > self._capacity and len(self._held) > 1:
            left.append(self._leaver(id))
            self.drop(left[-1])
        return left

    def drop(self, id: AdapterId) -> bool:
        """Zero and forget the adapter; False when it was not held."""
        adapter = self._held.pop(id, None)
        if adapter is None:
            return False
        self.bytes -= adapter.nbytes
        adapter.wipe()
        return True

    def clear(self) -> None:
        """Zero and forget everything."""
        for id in self:
            self.drop(id)
        self._wanted.clear()

    def want(self, id: AdapterId) -> None:
        """A request that waits will need this adapter."""
        self._wanted[id] += 1

    def unwant(self, id: AdapterId) -> None:
        """One such request waits no longer."""
        self._wanted[id] -= 1
        if self._wanted[id] <= 0:
            del self._wanted[id]

    def _leaver(self, newcomer: AdapterId) -> AdapterId:
        others = [id for id in self._held if id != newcomer]
        return next((id for id in others if id not in self._wanted), others[0])
