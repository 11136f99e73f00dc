from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.audit.errors import OutOfRange
from governance.audit.leaf import Leaf, LeafEvent
from governance.audit.log import Prover, append_many
from governance.audit.merkle import Frontier, hash_leaf, root_of, verify_consistency, verify_inclusion
from governance.audit.store import TILE, MemoryLeafStore, StoredLeaf, StoredNode
from governance.ids import ArtifactId

AT = datetime(2026, 1, 1, tzinfo=UTC)


def some_leaves(count):
    return [Leaf(event=LeafEvent.ARTIFACT_LIVE, at=AT, counts={"n": n}) for n in range(count)]


async def log_of(count):
    store = MemoryLeafStore()
    await append_many(store, some_leaves(count))
    return store


class CountingStore(MemoryLeafStore):
    def __init__(self):
        super().__init__()
        self.reads = 0

    async def hashes(self, level, start, stop):
        self.reads += 1
        return await super().hashes(level, start, stop)


async def test_indices_follow_on_and_the_head_is_the_root_of_all_leaves():
    store = MemoryLeafStore()
    leaves = some_leaves(10)
    assert await append_many(store, leaves[:4]) == range(4)
    assert await append_many(store, []) == range(4, 4)
    assert await append_many(store, leaves[4:]) == range(4, 10)
    assert (await store.head()).root == root_of(leaf.hash for leaf in leaves)
    assert [s.data for s in await store.leaves(0, 10)] == [leaf.encode() for leaf in leaves]


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(0, 700), min_size=1, max_size=4), st.data())
async def test_proofs_from_tiles_hold_at_every_size(batches, data):
    store = MemoryLeafStore()
    leaves = some_leaves(sum(batches) + 1)
    start = 0
    for batch in [*batches, 1]:
        await append_many(store, leaves[start : start + batch])
        start += batch
    hashes = [leaf.hash for leaf in leaves]
    size = data.draw(st.integers(1, len(leaves)))
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size))
    prover = Prover(store, size)
    root = root_of(hashes[:size])
    assert await prover.root() == root
    assert await prover.frontier() == Frontier().extend(hashes[:size])
    verify_inclusion(hashes[index], index, size, await prover.inclusion(index), root)
    verify_consistency(old, size, root_of(hashes[:old]), root, await prover.consistency(old))


async def test_proofs_equal_the_definitions_of_the_rfc(rfc6962):
    leaves = some_leaves(70)
    store = await log_of(70)
    encoded = [leaf.encode() for leaf in leaves]
    for size in (1, 2, 3, 7, 8, 33, 64, 65, 70):
        prover = Prover(store, size)
        assert [await prover.inclusion(i) for i in range(size)] == [
            rfc6962.audit_path(i, encoded[:size]) for i in range(size)
        ]
        assert [await prover.consistency(m) for m in range(size + 1)] == [
            rfc6962.consistency_path(m, encoded[:size]) for m in range(size + 1)
        ]


async def test_a_large_log_is_proven_from_a_few_reads():
    size = TILE**2 + 3 * TILE + 5
    hashes = [hash_leaf(b"%d" % n) for n in range(size)]
    store = CountingStore()
    frontier = Frontier().extend(hashes)
    rows = {0: hashes}
    for level in (1, 2):
        below = rows[level - 1]
        rows[level] = [root_of(below[i : i + TILE]) for i in range(0, len(below) - TILE + 1, TILE)]
    nodes = [StoredNode(level, i, h) for level in (1, 2) for i, h in enumerate(rows[level])]
    await store.extend([StoredLeaf(i, b"", h) for i, h in enumerate(hashes)], nodes, frontier)
    prover = Prover(store, size)
    verify_inclusion(hashes[777], 777, size, await prover.inclusion(777), frontier.root)
    assert store.reads <= 5


async def test_appending_stores_the_nodes_of_full_tiles_only():
    store = MemoryLeafStore()
    await append_many(store, some_leaves(TILE - 1))
    assert await store.hashes(1, 0, 5) == []
    leaves = some_leaves(2 * TILE + 1)
    await append_many(store, leaves[TILE - 1 :])
    assert await store.hashes(1, 0, 5) == [
        root_of(leaf.hash for leaf in leaves[:TILE]),
        root_of(leaf.hash for leaf in leaves[TILE : 2 * TILE]),
    ]


@pytest.mark.parametrize("index", [-1, 5])
async def test_a_leaf_outside_the_tree_has_no_proof(index):
    prover = Prover(await log_of(5), 5)
    with pytest.raises(OutOfRange):
        await prover.inclusion(index)


@pytest.mark.parametrize("old", [-1, 6])
async def test_a_tree_of_another_size_has_no_consistency_proof(old):
    prover = Prover(await log_of(5), 5)
    with pytest.raises(OutOfRange):
        await prover.consistency(old)


async def test_a_log_that_lost_leaves_cannot_answer():
    with pytest.raises(OutOfRange, match="does not hold"):
        await Prover(await log_of(5), 9).root()
    with pytest.raises(OutOfRange):
        Prover(MemoryLeafStore(), -1)


async def test_ids_survive_the_round_trip_through_the_store():
    store = MemoryLeafStore()
    artifact = ArtifactId.new()
    await append_many(store, [Leaf(event=LeafEvent.ARTIFACT_LIVE, at=AT, artifact=artifact)])
    assert artifact.encode() in (await store.leaves(0, 1))[0].data
