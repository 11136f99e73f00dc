import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from governance.residue.windows import BINARY_WIDTH, pick

NOISE = np.random.default_rng(1).bytes(100_000)


def test_slices_are_parts_of_the_stream_one_per_block():
    slices = pick(NOISE, 50)
    starts = [NOISE.index(one) for one in slices]
    assert len(slices) == 50
    assert all(len(one) == BINARY_WIDTH for one in slices)
    assert starts == sorted(starts)
    assert max(np.diff(starts)) < 2 * len(NOISE) / 50


def test_flat_streams_give_nothing():
    assert pick(bytes(100_000), 50) == []
    assert pick(b"\x00\x01\xff" * 30_000, 50) == []
    assert pick(b"short", 50) == []


def test_only_the_rich_blocks_of_a_stream_give_slices():
    slices = pick(bytes(50_000) + NOISE[:50_000], 40)
    assert 15 <= len(slices) <= 21
    assert all(one in NOISE for one in slices)


def test_slices_of_numbers_begin_at_a_number_and_hold_sixteen():
    values = np.random.default_rng(2).normal(size=5000).astype(np.float32)
    raw = values.tobytes()
    slices = pick(raw, 20, item=4)
    assert len(slices) == 20
    assert all(len(one) == 64 and raw.index(one) % 4 == 0 for one in slices)


def test_repeated_numbers_are_not_telling_however_varied_their_bytes():
    raw = np.tile(np.array([0.1, 0.7, 0.3], np.float64), 3000).tobytes()
    assert pick(raw, 20, item=8) == []


@given(st.binary(max_size=400), st.integers(1, 20))
def test_any_stream_gives_at_most_what_was_asked_for(stream, count):
    slices = pick(stream, count)
    assert len(slices) <= count
    assert all(one in stream for one in slices)
