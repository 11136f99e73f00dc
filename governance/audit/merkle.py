"""Merkle tree hashing of RFC 6962, with proofs that anybody can check.

A leaf hashes to SHA-256(0x00 ‖ data), a node to SHA-256(0x01 ‖ left ‖ right), the empty tree to SHA-256(""). A tree of
n leaves splits at the largest power of two below n:

                [0,7)
           ┌──────┴──────┐
         [0,4)         [4,7)            the frontier of 7 leaves: [0,4), [4,6), [6,7)
       ┌───┴───┐     ┌───┴───┐
     [0,2)   [2,4) [4,6)   [6,7)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from governance.audit.errors import BadProof, OutOfRange

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()


def hash_leaf(data: bytes) -> bytes:
    """The 32-byte hash of one leaf's encoding."""
    return sha256(b"\x00" + data).digest()


def hash_children(left: bytes, right: bytes) -> bytes:
    """The 32-byte hash of a node from those of its two children."""
    return sha256(b"\x01" + left + right).digest()


def largest_power_below(n: int) -> int:
    """The largest power of two smaller than `n` (n ≥ 2): where RFC 6962 splits a tree."""
    return 1 << ((n - 1).bit_length() - 1)


def reduce_complete(hashes: Sequence[bytes]) -> bytes:
    """The root of a complete subtree from its 2^k lower nodes."""
    level = list(hashes)
    while len(level) > 1:
        level = _above(level)
    return level[0]


def complete_rows(hashes: Sequence[bytes]) -> list[list[bytes]]:
    """All nodes of a complete subtree but its root, row by row, from its 2^k lower nodes upwards."""
    rows = [list(hashes)]
    while len(rows[-1]) > 2:
        rows.append(_above(rows[-1]))
    return rows


def _above(level: Sequence[bytes]) -> list[bytes]:
    return [hash_children(level[i], level[i + 1]) for i in range(0, len(level), 2)]


def fold(peaks: Iterable[bytes]) -> bytes:
    """The root over complete subtrees given from left (largest) to right (smallest)."""
    ordered = list(peaks)
    if not ordered:
        return EMPTY_ROOT
    root = ordered.pop()
    while ordered:
        root = hash_children(ordered.pop(), root)
    return root


@dataclass(frozen=True, slots=True)
class Frontier:
    """All that is needed to append: the number of leaves and the roots of the complete subtrees, left to right."""

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        assert len(self.peaks) == self.size.bit_count(), "a frontier has one peak per set bit of its size"

    @property
    def root(self) -> bytes:
        """The root hash of the whole tree."""
        return fold(self.peaks)

    def append(self, leaf_hash: bytes) -> Frontier:
        """The frontier with one leaf more."""
        peaks = list(self.peaks)
        _push(peaks, self.size, leaf_hash)
        return Frontier(self.size + 1, tuple(peaks))

    def extend(self, leaf_hashes: Iterable[bytes]) -> Frontier:
        """The frontier with these leaves appended in order."""
        peaks, size = list(self.peaks), self.size
        for leaf_hash in leaf_hashes:
            _push(peaks, size, leaf_hash)
            size += 1
        return Frontier(size, tuple(peaks))


def _push(peaks: list[bytes], size: int, node: bytes) -> None:
    # As in a binary counter: every trailing one bit of the size is a peak that the new leaf completes.
    while size & 1:
        node = hash_children(peaks.pop(), node)
        size >>= 1
    peaks.append(node)


def root_of(leaf_hashes: Iterable[bytes]) -> bytes:
    """The root over these leaf hashes."""
    return Frontier().extend(leaf_hashes).root


def root_from_inclusion(leaf_hash: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root that the audit path of leaf `index` in a tree of `size` leaves leads to.

    Raises:
        BadProof: the index is outside the tree or the path has the wrong length.
    """
    if not 0 <= index < size:
        raise BadProof(f"leaf {index} cannot be in a tree of {size} leaves")
    node, position, last = leaf_hash, index, size - 1
    for sibling in path:
        if last == 0:
            raise BadProof("the audit path is longer than the tree is high")
        if position & 1 or position == last:
            node = hash_children(sibling, node)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            node = hash_children(node, sibling)
        position, last = position >> 1, last >> 1
    if last:
        raise BadProof("the audit path is shorter than the tree is high")
    return node


def verify_inclusion(leaf_hash: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> None:
    """Check that the leaf stands at `index` of the tree with this size and root.

    Raises:
        BadProof: it does not.
    """
    if root_from_inclusion(leaf_hash, index, size, path) != root:
        raise BadProof(f"leaf {index} is not in the tree of {size} leaves with root {root.hex()}")


def verify_consistency(old_size: int, new_size: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]) -> None:
    """Check that the tree of `new_size` leaves only appends to that of `old_size` leaves.

    Raises:
        BadProof: it rewrites something, or the proof is malformed.
        OutOfRange: the sizes are not 0 ≤ old ≤ new.
    """
    if not 0 <= old_size <= new_size:
        raise OutOfRange(f"a tree cannot grow from {old_size} to {new_size} leaves")
    if old_size in (0, new_size):
        expected = EMPTY_ROOT if old_size == 0 else new_root
        if path or old_root != expected:
            raise BadProof("the trees of equal size, or the empty tree, do not have the claimed roots")
        return
    if _roots_from_consistency(old_size, new_size, old_root, path) != (old_root, new_root):
        raise BadProof(f"the tree of {new_size} leaves does not continue that of {old_size} leaves")


def _roots_from_consistency(
    old_size: int, new_size: int, old_root: bytes, path: Sequence[bytes]
) -> tuple[bytes, bytes]:
    position, last = old_size - 1, new_size - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    # When the old tree is itself a complete subtree its root is left out of the proof.
    rest = list(path) if position else [old_root, *path]
    if not rest:
        raise BadProof("the consistency proof is empty")
    old = new = rest[0]
    for sibling in rest[1:]:
        if last == 0:
            raise BadProof("the consistency proof is longer than the tree is high")
        if position & 1 or position == last:
            old, new = hash_children(sibling, old), hash_children(sibling, new)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            new = hash_children(new, sibling)
        position, last = position >> 1, last >> 1
    if last:
        raise BadProof("the consistency proof is shorter than the tree is high")
    return old, new
