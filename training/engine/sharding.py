"""One pack trained by several workers together: each runs its share of every job's rows, gradients are summed.

All workers draw the same rows from the same chance and make the same update from the same sum, so their adapters stay
equal without ever being sent, and equal what one worker alone would have made (but for the order of the sums).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from training.engine.draws import Rows


@dataclass(frozen=True, slots=True)
class Shard:
    """Worker `rank` of `count`; `add` sums a tensor over all of them, in place, on each."""

    rank: int
    count: int
    add: Callable[[Tensor], object]

    def __post_init__(self) -> None:
        assert 0 <= self.rank < self.count

    def part(self, rows: Rows) -> Rows:
        """This worker's share, which may be empty when there are fewer rows than workers."""
        begin, end = (len(rows) * edge // self.count for edge in (self.rank, self.rank + 1))
        return rows.part(begin, end)
