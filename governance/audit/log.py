"""Append leaves to the log and prove what is in it.

Appending needs the head and, when a tile of 256 fills up, that tile's hashes. A proof reads one tile per level and
side of the tree, so a log of a million leaves answers from about three reads of 256 hashes.
"""

from __future__ import annotations

from collections.abc import Sequence

from governance.audit.errors import OutOfRange
from governance.audit.leaf import Leaf
from governance.audit.merkle import (
    Frontier,
    complete_rows,
    fold,
    hash_leaf,
    largest_power_below,
    reduce_complete,
)
from governance.audit.store import TILE, TILE_BITS, LeafStore, StoredLeaf, StoredNode


async def append_many(store: LeafStore, leaves: Sequence[Leaf]) -> range:
    """Append leaves in order within the caller's transaction; gives their indices.

    Encode and hash happen before the head is locked, so that appenders queue for as short as possible.
    """
    encoded = [leaf.encode() for leaf in leaves]
    hashes = [hash_leaf(data) for data in encoded]
    if not leaves:
        size = (await store.head()).size
        return range(size, size)
    head = await store.head_for_update()
    first = head.size
    stored = [StoredLeaf(first + i, data, h) for i, (data, h) in enumerate(zip(encoded, hashes, strict=True))]
    await store.extend(stored, await _finished_nodes(store, first, hashes), head.extend(hashes))
    return range(first, first + len(leaves))


async def _finished_nodes(store: LeafStore, start: int, added: Sequence[bytes]) -> list[StoredNode]:
    """The stored nodes that become complete when `added` follows the first `start` nodes, level by level."""
    finished: list[StoredNode] = []
    level = 0
    while (start + len(added)) // TILE > start // TILE:
        partial = start % TILE
        known = await store.hashes(level, start - partial, start) if partial else []
        assert len(known) == partial, "the store lost nodes of an unfinished tile"
        row = [*known, *added]
        level, start = level + 1, start // TILE
        added = [reduce_complete(row[i : i + TILE]) for i in range(0, len(row) - len(row) % TILE, TILE)]
        finished += [StoredNode(level, start + i, node) for i, node in enumerate(added)]
    return finished


class Prover:
    """Answers for one tree size from a store; reads each tile once, so reuse it for many proofs at one size."""

    def __init__(self, store: LeafStore, size: int) -> None:
        if size < 0:
            raise OutOfRange("a tree has at least 0 leaves")
        self._store = store
        self._size = size
        self._tiles: dict[tuple[int, int], list[bytes]] = {}
        self._roots: dict[tuple[int, int], bytes] = {}
        self._leaf_tiles: dict[int, tuple[list[list[bytes]], list[bytes]]] = {}
        """Of complete ones: their rows of nodes, from the leaves up to below the root, and what comes above."""

    async def root(self) -> bytes:
        """The root hash at this size."""
        return await self._range(0, self._size)

    async def frontier(self) -> Frontier:
        """The roots of the complete subtrees at this size."""
        return Frontier(self._size, tuple([await self._complete(a, b) for a, b in _peaks(0, self._size)]))

    async def inclusion(self, index: int) -> list[bytes]:
        """The audit path of leaf `index`, from the leaf up (RFC 6962, 2.1.1)."""
        if not 0 <= index < self._size:
            raise OutOfRange(f"leaf {index} is not in the tree of {self._size} leaves")
        number, place = divmod(index, TILE)
        if (number + 1) * TILE > self._size:
            return await self._siblings(index, index + 1)
        if number not in self._leaf_tiles:
            rows = complete_rows(await self._tile(0, number))
            self._leaf_tiles[number] = rows, await self._siblings(number * TILE, (number + 1) * TILE)
        rows, above = self._leaf_tiles[number]
        return [*(row[place >> height ^ 1] for height, row in enumerate(rows)), *above]

    async def _siblings(self, first: int, end: int) -> list[bytes]:
        """Of the node over leaves [first, end) and of each node above it, upwards."""
        found: list[bytes] = []
        low, high = 0, self._size
        while (low, high) != (first, end):
            middle = low + largest_power_below(high - low)
            if first < middle:
                found.append(await self._range(middle, high))
                high = middle
            else:
                found.append(await self._range(low, middle))
                low = middle
        return found[::-1]

    async def consistency(self, old_size: int) -> list[bytes]:
        """The proof that this tree appends to that of `old_size` leaves (RFC 6962, 2.1.2)."""
        if not 0 <= old_size <= self._size:
            raise OutOfRange(f"the tree of {self._size} leaves cannot continue one of {old_size}")
        if old_size in (0, self._size):
            return []
        path: list[bytes] = []
        low, high, whole = 0, self._size, True
        while old_size != high:
            middle = low + largest_power_below(high - low)
            if old_size <= middle:
                path.append(await self._range(middle, high))
                high = middle
            else:
                path.append(await self._range(low, middle))
                low, whole = middle, False
        if not whole:
            path.append(await self._range(low, high))
        return path[::-1]

    async def _range(self, low: int, high: int) -> bytes:
        """Computed once: paths of neighbours share most of theirs."""
        if (low, high) not in self._roots:
            self._roots[low, high] = fold([await self._complete(a, b) for a, b in _peaks(low, high)])
        return self._roots[low, high]

    async def _complete(self, low: int, high: int) -> bytes:
        """The root of a complete, aligned subtree, from the stored level at or just below it."""
        level = ((high - low).bit_length() - 1) // TILE_BITS
        span = TILE**level
        first, count = low // span, (high - low) // span
        tile = await self._tile(level, first // TILE)
        offset = first % TILE
        return reduce_complete(tile[offset : offset + count])

    async def _tile(self, level: int, index: int) -> list[bytes]:
        key = (level, index)
        if key not in self._tiles:
            start = index * TILE
            stop = min(start + TILE, self._size // TILE**level)
            tile = await self._store.hashes(level, start, stop)
            if len(tile) != stop - start:
                raise OutOfRange(f"the log does not hold all hashes of a tree of {self._size} leaves")
            self._tiles[key] = tile
        return self._tiles[key]


def _peaks(low: int, high: int) -> list[tuple[int, int]]:
    """Split [low, high), whose start is aligned as in an RFC 6962 tree, into complete subtrees, left to right."""
    found = []
    while low < high:
        span = 1 << ((high - low).bit_length() - 1)
        found.append((low, low + span))
        low += span
    return found
