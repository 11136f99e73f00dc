"""Cut slices out of a stream of bytes that are unlikely to occur anywhere else.

A slice of a flat background would be found in half the machine; a slice with many different byte values will not.
Where a stream is searched for, each of its blocks gives one slice, so that a leak of a part is found as well:

    stream   |----block----|----block----|----block----|
    slices        [====]       [====]     none: flat
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

BINARY_WIDTH = 32
"""Bytes in a slice of pixels or files."""
_NUMBERS = 16
"""Numbers in a slice of wider ones: enough that a smooth gradient elsewhere does not repeat them."""
_MIN_DISTINCT = {BINARY_WIDTH: 12, _NUMBERS: 8}
_CANDIDATES = 12

Bytes = NDArray[np.uint8]


def pick(data: bytes | Bytes, count: int, item: int = 1) -> list[bytes]:
    """Up to `count` slices, at most one per block; of 32 bytes, or of 16 numbers of `item` bytes each.

    Slices with too few different bytes or numbers are left out, so the result may be shorter, or empty.
    """
    stream = np.frombuffer(data, np.uint8) if isinstance(data, bytes) else data
    units = BINARY_WIDTH if item == 1 else _NUMBERS
    width = units * item
    if len(stream) < width:
        return []
    places = _candidates(stream, count, item, width)
    slices = stream[places[..., None] + np.arange(width)]
    richness = _distinct(slices.view(f"u{item}"))
    best = richness.argmax(axis=1)
    rows = np.arange(len(places))
    rich = richness[rows, best] >= _MIN_DISTINCT[units]
    return [bytes(one) for one in slices[rows, best][rich]]


def _candidates(stream: Bytes, count: int, step: int, width: int) -> NDArray[np.int64]:
    """Start offsets, shape [blocks, candidates].

    They depend on the stream's length alone: forms of a picture that differ in a few values share most slices.
    """
    room = (len(stream) - width) // step + 1
    blocks = max(1, min(count, len(stream) // (2 * width)))
    fraction = np.random.default_rng(len(stream)).random((blocks, _CANDIDATES))
    starts = (np.arange(blocks)[:, None] + fraction) * (room / blocks)
    firsts = starts.astype(np.int64)
    places: NDArray[np.int64] = np.minimum(firsts, room - 1) * step
    return places


def _distinct(slices: NDArray[Any]) -> NDArray[np.int64]:
    """How many different values each slice has, over the last axis."""
    ordered = np.sort(slices, axis=-1)
    distinct: NDArray[np.int64] = (np.diff(ordered, axis=-1) != 0).sum(axis=-1) + 1
    return distinct
