import pytest

from governance.audit.errors import OutOfRange
from governance.audit.merkle import Frontier
from governance.audit.store import MemoryLeafStore, StoredLeaf, StoredNode


def leaf(index):
    return StoredLeaf(index, b"x", bytes(32))


async def test_it_gives_back_what_was_put():
    store = MemoryLeafStore()
    head = Frontier(2, (b"p" * 32,))
    await store.extend([leaf(0), leaf(1)], [StoredNode(1, 0, b"n" * 32)], head)
    assert await store.head() == await store.head_for_update() == head
    assert await store.leaves(1, 9) == [leaf(1)]
    assert await store.hashes(0, 0, 2) == [bytes(32)] * 2
    assert await store.hashes(1, 0, 9) == [b"n" * 32]
    assert await store.hashes(2, 0, 9) == []


async def test_gaps_are_refused():
    store = MemoryLeafStore()
    with pytest.raises(OutOfRange):
        await store.extend([leaf(1)], [], Frontier())
    with pytest.raises(OutOfRange):
        await store.extend([leaf(0)], [StoredNode(1, 1, bytes(32))], Frontier())
