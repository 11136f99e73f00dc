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
_CANDIDATES = 4

Bytes = NDArray[np.uint8]
Starts = NDArray[np.int64]


def pick(data: bytes | Bytes, count: int, item: int = 1) -> list[bytes]:
    """Up to `count` slices, at most one per block; of 32 bytes, or of 16 numbers of `item` bytes each.

    Slices with too few different bytes or numbers are left out, so the result may be shorter, or empty.
    """
    stream = np.frombuffer(data, np.uint8) if isinstance(data, bytes) else data
    units = BINARY_WIDTH if item == 1 else _NUMBERS
    values = stream[: len(stream) - len(stream) % item].view(f"u{item}")
    if len(values) < units:
        return []
    starts = _candidates(values, count, units)
    slices = values[starts[..., None] + np.arange(units)]
    richness = _distinct(slices)
    best = richness.argmax(axis=1)
    rows = np.arange(len(starts))
    rich = richness[rows, best] >= _MIN_DISTINCT[units]
    return [one.tobytes() for one in slices[rows, best][rich]]


def _candidates(values: NDArray[Any], count: int, units: int) -> Starts:
    """Likely starts of rich slices, shape [blocks, candidates]: where the most values are new.

    They depend on where values change, not on what they are: forms of a picture that differ in the last bit give
    slices at the same places.
    """
    changes = np.concatenate([[0], np.cumsum(_news(values))])
    busy = changes[units - 1 :] - changes[: len(changes) - units + 1]
    blocks = max(1, min(count, len(values) // (2 * units)))
    length = len(busy) // blocks
    block = busy[: blocks * length].reshape(blocks, length)
    # Each block is cut into stretches, and the busiest start of each is a candidate.
    stretches = min(_CANDIDATES, length)
    stretch = length // stretches
    within = block[:, : stretches * stretch].reshape(blocks, stretches, stretch).argmax(axis=2)
    starts: Starts = np.arange(blocks)[:, None] * length + np.arange(stretches) * stretch + within
    return starts


def _news(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Whether each value but the first differs from the one before and from those a pixel (3 or 4 values) before."""
    news: NDArray[np.bool_] = values[1:] != values[:-1]
    for back in (3, 4):
        news[back - 1 :] &= values[back:] != values[:-back]
    return news


def _distinct(slices: NDArray[Any]) -> NDArray[np.int64]:
    """How many different values each slice has, over the last axis."""
    ordered = np.sort(slices, axis=-1)
    distinct: NDArray[np.int64] = (np.diff(ordered, axis=-1) != 0).sum(axis=-1) + 1
    return distinct
