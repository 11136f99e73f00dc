"""Where the log's leaves and tree live, behind a protocol that a PostgreSQL table backs.

Leaf hashes are kept one per leaf; above them only every eighth level of the tree is stored, so that a level's nodes
number 1/256 of those below. Any other node is computed from at most 256 stored ones:

    level 2        n0                                 one node per 65,536 leaves
    level 1        n0        …        n255            one node per 256 leaves, stored once the 256 are complete
    level 0        h0 … h255 …                        leaf hashes
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from governance.audit.errors import OutOfRange
from governance.audit.merkle import Frontier

TILE = 256
TILE_BITS = 8


@dataclass(frozen=True, slots=True)
class StoredLeaf:
    """One leaf at its place: `data` is its canonical encoding, `hash` its 32-byte leaf hash."""

    index: int
    data: bytes
    hash: bytes


@dataclass(frozen=True, slots=True)
class StoredNode:
    """The root of the complete subtree over leaves [index · 256^level, (index + 1) · 256^level), level ≥ 1."""

    level: int
    index: int
    hash: bytes


class LeafStore(Protocol):
    """The log's storage within one transaction of the caller.

    `head_for_update` must block every other appender until the caller's transaction ends (a row lock): that is what
    makes one ordered sequence out of many concurrent appends. Nothing is ever updated but the head, nothing deleted.
    """

    async def head(self) -> Frontier:
        """The frontier as of now."""
        ...

    async def head_for_update(self) -> Frontier:
        """The frontier, locked until the transaction ends."""
        ...

    async def extend(self, leaves: Sequence[StoredLeaf], nodes: Sequence[StoredNode], head: Frontier) -> None:
        """Insert consecutive leaves and finished nodes and replace the head, all in the caller's transaction."""
        ...

    async def hashes(self, level: int, start: int, stop: int) -> list[bytes]:
        """Stored hashes [start, stop) of one level in order (level 0: leaf hashes); shorter if not all exist."""
        ...

    async def leaves(self, start: int, stop: int) -> list[StoredLeaf]:
        """Leaves [start, stop) in order; shorter if not all exist."""
        ...


class MemoryLeafStore:
    """A `LeafStore` in memory: for tests, and to rebuild a log from its leaves."""

    def __init__(self) -> None:
        self._head = Frontier()
        self._leaves: list[StoredLeaf] = []
        self._levels: dict[int, list[bytes]] = {}

    async def head(self) -> Frontier:
        """The frontier as of now."""
        return self._head

    async def head_for_update(self) -> Frontier:
        """The frontier; in one process nobody else appends between two awaits of ours."""
        return self._head

    async def extend(self, leaves: Sequence[StoredLeaf], nodes: Sequence[StoredNode], head: Frontier) -> None:
        """Append, refusing gaps as a primary key would."""
        first = len(self._leaves)
        if [leaf.index for leaf in leaves] != list(range(first, first + len(leaves))):
            raise OutOfRange(f"the next leaf must have index {first}")
        self._leaves.extend(leaves)
        for node in nodes:
            level = self._levels.setdefault(node.level, [])
            if node.index != len(level):
                raise OutOfRange(f"the next node of level {node.level} must have index {len(level)}")
            level.append(node.hash)
        self._head = head

    async def hashes(self, level: int, start: int, stop: int) -> list[bytes]:
        """Stored hashes [start, stop) of one level."""
        if level == 0:
            return [leaf.hash for leaf in self._leaves[start:stop]]
        return self._levels.get(level, [])[start:stop]

    async def leaves(self, start: int, stop: int) -> list[StoredLeaf]:
        """Leaves [start, stop)."""
        return self._leaves[start:stop]
