"""Sealed blobs: what was changed, cut, reordered or swapped is refused (P2.4)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.errors import Tampered
from governance.vault.cipher import (
    CHUNK_BYTES,
    HEADER_BYTES,
    SEALED_CHUNK_BYTES,
    Sealer,
    new_key,
    open_bytes,
    open_chunks,
    seal_bytes,
    zero,
)

KEY, AAD = b"k" * 32, b"art_1|photo|place"
BIG = bytes(range(256)) * (CHUNK_BYTES // 128) + b"tail"


@given(st.binary(max_size=300))
def test_any_bytes_come_back(data: bytes) -> None:
    assert open_bytes(KEY, AAD, seal_bytes(KEY, AAD, data)) == data


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES])
def test_sizes_around_a_chunk_come_back(size: int) -> None:
    data = bytes(size)
    sealed = seal_bytes(KEY, AAD, data)
    assert open_bytes(KEY, AAD, sealed) == data


@given(st.integers(min_value=0, max_value=10_000), st.integers(min_value=0, max_value=7))
def test_any_flipped_bit_is_refused(place: int, bit: int) -> None:
    sealed = bytearray(seal_bytes(KEY, AAD, b"a face" * 50))
    sealed[place % len(sealed)] ^= 1 << bit
    with pytest.raises(Tampered):
        open_bytes(KEY, AAD, bytes(sealed))


def test_truncated_extended_and_reordered_blobs_are_refused() -> None:
    sealed = seal_bytes(KEY, AAD, BIG)
    first = HEADER_BYTES + SEALED_CHUNK_BYTES
    second = first + SEALED_CHUNK_BYTES
    swapped = sealed[:HEADER_BYTES] + sealed[first:second] + sealed[HEADER_BYTES:first] + sealed[second:]
    for broken in (sealed[:-1], sealed[:first], sealed[:second], sealed + b"x", swapped, b"", sealed[:5], b"X" * 64):
        with pytest.raises(Tampered):
            open_bytes(KEY, AAD, broken)


def test_a_blob_in_the_place_of_another_is_refused() -> None:
    with pytest.raises(Tampered):
        open_bytes(KEY, b"art_2|photo|place", seal_bytes(KEY, AAD, b"a face"))
    with pytest.raises(Tampered):
        open_bytes(b"x" * 32, AAD, seal_bytes(KEY, AAD, b"a face"))


def test_it_streams_in_pieces_of_any_size() -> None:
    sealer = Sealer(KEY, AAD)
    sealed = sealer.header + b"".join(sealer.update(BIG[i : i + 70_001]) for i in range(0, len(BIG), 70_001))
    sealed += sealer.finish()
    pieces = (sealed[i : i + 33_333] for i in range(0, len(sealed), 33_333))
    assert b"".join(open_chunks(KEY, AAD, pieces)) == BIG


def test_keys_differ_and_zero_overwrites() -> None:
    key = new_key()
    assert key != new_key()
    zero(key)
    assert key == bytes(32)
