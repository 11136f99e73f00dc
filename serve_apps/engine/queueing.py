"""The waiting line, fair between accounts.

Every account owns a virtual clock that moves by the work it is given (denoised cells). The next to be served is the
account whose clock is furthest behind; an account that comes back after a pause starts at everyone's present, so
that idling saves up no credit and flooding the line buys no advantage. Within an account, first come, first served.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from serve_apps.engine.model import AccountId, RequestId


class Waiting(Protocol):
    """What may stand in the line: it has an id, an account, and a cost in work units."""

    @property
    def id(self) -> RequestId: ...

    @property
    def account(self) -> AccountId: ...

    @property
    def cost(self) -> float: ...


T = TypeVar("T", bound=Waiting)


@dataclass(slots=True)
class _Line(Generic[T]):
    clock: float = 0.0
    items: deque[T] = field(default_factory=deque)


class FairQueue(Generic[T]):
    """A queue of waiting requests; not thread-safe, the engine guards it."""

    def __init__(self) -> None:
        self._lines: dict[AccountId, _Line[T]] = {}
        self._items: dict[RequestId, T] = {}
        self._now = 0.0

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[T]:
        return iter(list(self._items.values()))

    def __contains__(self, id: RequestId) -> bool:
        return id in self._items

    @property
    def cost(self) -> float:
        """The work that waits."""
        return sum(item.cost for item in self._items.values())

    def push(self, item: T) -> None:
        """Put `item` at the end of its account's line."""
        assert item.id not in self._items, f"{item.id} waits already"
        line = self._lines.setdefault(item.account, _Line())
        if not line.items:
            line.clock = max(line.clock, self._now)
        line.items.append(item)
        self._items[item.id] = item

    def in_fair_order(self) -> Iterator[T]:
        """All that waits, in the order it should be served if each were served in turn."""
        heads = [(line.clock, order, account, 0) for order, (account, line) in enumerate(self._lines.items())]
        heapq.heapify(heads)
        lines = {account: list(line.items) for account, line in self._lines.items()}
        while heads:
            clock, order, account, index = heapq.heappop(heads)
            if index < len(lines[account]):
                item = lines[account][index]
                yield item
                heapq.heappush(heads, (clock + item.cost, order, account, index + 1))

    def take(self, item: T) -> None:
        """Remove `item` because it is served now, and charge its account."""
        line = self._lines[item.account]
        self._now = max(self._now, line.clock)
        line.clock += item.cost
        self.remove(item)

    def remove(self, item: T) -> None:
        """Remove `item` unserved: its account is charged nothing."""
        del self._items[item.id]
        self._lines[item.account].items.remove(item)
        self._forget_settled()

    def _forget_settled(self) -> None:
        if not self._items:
            # Nobody waits, so nobody was kept waiting: what was served so far is owed to no one.
            self._lines.clear()
            return
        settled = [a for a, line in self._lines.items() if not line.items and line.clock <= self._now]
        for account in settled:
            del self._lines[account]
