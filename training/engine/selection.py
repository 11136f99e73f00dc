"""Which slot each row of the coming forward uses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from math import gcd

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """Equal groups of neighbouring rows, and the slot of each group.

    `index` is None when the slots are neighbours in the stack, too: then their matrices are used where they are.
    """

    slots: tuple[int, ...]
    index: Tensor | None

    def pick(self, stacked: Tensor) -> Tensor:
        """The groups' part of a stack [slots, ...]; a view where possible."""
        if self.index is None:
            return stacked[self.slots[0] : self.slots[-1] + 1]
        return stacked.index_select(0, self.index)

    def accumulate(self, stacked: Tensor, update: Tensor) -> None:
        """Add each group's update [G, ...] to its slot's part of a stack."""
        if self.index is None:
            self.pick(stacked).add_(update)
        else:
            stacked.index_add_(0, self.index, update.to(stacked.dtype))


def select_rows(slots: Sequence[int], device: torch.device) -> Selection:
    """The selection for one slot per row."""
    runs = [len(list(run)) for _, run in groupby(slots)]
    grouped = tuple(slots[:: gcd(*runs)])
    neighbours = grouped == tuple(range(grouped[0], grouped[0] + len(grouped)))
    return Selection(grouped, None if neighbours else torch.tensor(grouped, device=device))
