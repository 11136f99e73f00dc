from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.audit.errors import BadProof, OutOfRange
from governance.audit.merkle import (
    EMPTY_ROOT,
    Frontier,
    hash_children,
    hash_leaf,
    root_of,
    verify_consistency,
    verify_inclusion,
)

# Roots published with Certificate Transparency's reference implementation, for its eight test leaves.
CT_LEAVES = [bytes.fromhex(text) for text in (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
)]  # fmt: skip
CT_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]

leaf_lists = st.lists(st.binary(max_size=8), min_size=1, max_size=40)


def test_leaf_and_node_hashes_have_their_prefixes():
    assert hash_leaf(b"x") == sha256(b"\x00x").digest()
    assert hash_children(b"a" * 32, b"b" * 32) == sha256(b"\x01" + b"a" * 32 + b"b" * 32).digest()
    assert Frontier().root == EMPTY_ROOT == sha256(b"").digest()


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_equal_the_published_ones(size):
    assert root_of(map(hash_leaf, CT_LEAVES[:size])).hex() == CT_ROOTS[size - 1]


@given(leaf_lists, st.integers(0, 40))
def test_appending_in_any_batches_gives_the_defined_root(rfc6962, leaves, cut):
    hashes = [hash_leaf(leaf) for leaf in leaves]
    frontier = Frontier().extend(hashes[:cut])
    for leaf_hash in hashes[cut:]:
        frontier = frontier.append(leaf_hash)
    assert frontier.root == rfc6962.tree_hash(leaves)
    assert len(frontier.peaks) <= 6


@given(leaf_lists, st.data())
def test_inclusion_holds_for_the_leaf_and_for_no_other(rfc6962, leaves, data):
    size, index = len(leaves), data.draw(st.integers(0, len(leaves) - 1))
    path, root = rfc6962.audit_path(index, leaves), rfc6962.tree_hash(leaves)
    verify_inclusion(hash_leaf(leaves[index]), index, size, path, root)
    with pytest.raises(BadProof):
        verify_inclusion(hash_leaf(leaves[index] + b"!"), index, size, path, root)


@given(leaf_lists, st.data())
def test_changed_audit_paths_are_refused(rfc6962, leaves, data):
    size, index = len(leaves), data.draw(st.integers(0, len(leaves) - 1))
    leaf, root = hash_leaf(leaves[index]), rfc6962.tree_hash(leaves)
    path = rfc6962.audit_path(index, leaves)
    with pytest.raises(BadProof):
        verify_inclusion(leaf, index, size, [*path, root], root)
    for position in range(len(path)):
        changed = [*path[:position], bytes(32), *path[position + 1 :]]
        with pytest.raises(BadProof):
            verify_inclusion(leaf, index, size, changed, root)
        with pytest.raises(BadProof):
            verify_inclusion(leaf, index, size, path[:position] + path[position + 1 :], root)


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_a_leaf_outside_the_tree_is_refused(index, size):
    with pytest.raises(BadProof):
        verify_inclusion(hash_leaf(b""), index, size, [], hash_leaf(b""))


@given(leaf_lists, st.data())
def test_consistency_holds_for_every_earlier_tree(rfc6962, leaves, data):
    old = data.draw(st.integers(0, len(leaves)))
    path = rfc6962.consistency_path(old, leaves)
    roots = rfc6962.tree_hash(leaves[:old]), rfc6962.tree_hash(leaves)
    verify_consistency(old, len(leaves), *roots, path)
    with pytest.raises(BadProof):
        verify_consistency(old, len(leaves), *roots, [*path, bytes(32)])
    for position in range(len(path)):
        with pytest.raises(BadProof):
            verify_consistency(old, len(leaves), *roots, path[:position] + path[position + 1 :])


@given(leaf_lists, st.data())
def test_a_rewritten_history_is_not_consistent(rfc6962, leaves, data):
    old = data.draw(st.integers(1, len(leaves)))
    changed = data.draw(st.integers(0, old - 1))
    forged = [leaf + b"!" if i == changed else leaf for i, leaf in enumerate(leaves)]
    path = rfc6962.consistency_path(old, forged)
    with pytest.raises(BadProof):
        verify_consistency(old, len(leaves), rfc6962.tree_hash(leaves[:old]), rfc6962.tree_hash(forged), path)


def test_a_tree_does_not_shrink():
    with pytest.raises(OutOfRange):
        verify_consistency(3, 2, EMPTY_ROOT, EMPTY_ROOT, [])
