"""One module's adapters: a pool of slots, and the row buffers that the module's layers read.

    pool[rank]    slot 0  1  2  3 ...        one flat vector per resident adapter (see `layout.py`)
                     │  └──────┐
    rows[rank]    row 0  1  2  3 ...         one flat vector per row of the batch: the slot it uses, copied

Rows are copied only when a row's slot changes, that is when somebody joins or leaves: a step itself copies and
gathers nothing. A batch whose adapters have different ranks runs at the largest of their rank buckets; what is
smaller is padded with zeros. Addresses never change, so compiled and captured code stays valid.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from serve_apps.engine.layout import Layout, Target, find_targets, grouped
from serve_apps.engine.rowlayers import RowLayer, Shrinking, wrap


class RowStack:
    """Slots and rows over one module, whose target layers are replaced in place by `RowLayer`s.

    `slots` is how many adapters of each of `ranks` are resident; `rows` the largest batch. With `skip_unused`, layers
    that no row's adapter reaches run as base layers (eager code; compiled code must not change its mind).
    """

    def __init__(
        self,
        module: nn.Module,
        suffixes: tuple[str, ...],
        ranks: tuple[int, ...],
        slots: int,
        rows: int,
        *,
        skip_unused: bool,
    ) -> None:
        found = [target for target in find_targets(module) if not suffixes or target.path.endswith(suffixes)]
        self.targets: dict[str, Target] = {target.path: target for target in found}
        self.layouts = {rank: Layout(found, rank) for rank in ranks}
        self._skip_unused, self._slots = skip_unused, slots
        self._layers: dict[str, RowLayer] = {path: wrap(module, path) for path in self.targets}
        self._shrinkings = {members: self._share(members) for members in grouped(found) if len(members) > 1}
        weight = next(module.parameters())
        self.dtype = weight.dtype
        self._pool: dict[int, Tensor] = {}
        self._rows: dict[int, Tensor] = {}
        self._views: dict[int, Mapping[str, tuple[Tensor, Tensor]]] = {}
        self._shared: dict[int, Mapping[tuple[Target, ...], Tensor]] = {}
        self._like, self._max_rows = weight, rows
        self._held = {r: [0] * rows for r in ranks}
        self._extents: dict[int, int] = {}
        self._paths: dict[int, frozenset[str]] = {}
        self._shown: tuple[int, frozenset[frozenset[str]]] | None = None
        self.row_copies = 0

    def open(self, rank: int) -> None:
        """Make the slots and rows of a rank bucket, if nobody has yet: buckets that nobody uses take no memory."""
        if rank in self._pool:
            return
        layout = self.layouts[rank]
        # Made as ordinary tensors even in the middle of a step: they are zeroed outside of steps, too.
        with torch.inference_mode(False):
            self._pool[rank] = self._like.new_zeros(self._slots, layout.length)
            rows = self._rows[rank] = self._like.new_zeros(self._max_rows, layout.length)
            self._views[rank] = {path: (layout.a_of(rows, path), layout.b_of(rows, path)) for path in self.targets}
            self._shared[rank] = {members: layout.shared_a_of(rows, members) for members in self._shrinkings}

    @property
    def bytes(self) -> int:
        """Memory of slots and rows."""
        return sum(buffer.nbytes for held in (self._pool, self._rows) for buffer in held.values())

    def load(self, slot: int, flat: Tensor, paths: frozenset[str]) -> None:
        """Copy a host vector, laid out for the slot's rank and cut at its extent, into `slot`."""
        rank, index = self.place_of(slot)
        assert slot not in self._extents, f"slot {slot} holds an adapter already"
        self.open(rank)
        self._pool[rank][index, : flat.shape[0]].copy_(flat, non_blocking=True)
        self._extents[slot], self._paths[slot] = flat.shape[0], paths

    def evict(self, slot: int) -> None:
        """Zero `slot`, and every row that still carries it."""
        if slot not in self._extents:
            return
        rank, index = self.place_of(slot)
        self._pool[rank][index, : self._extents[slot]].zero_()
        for r, held in self._held.items():
            for row, held_slot in enumerate(held):
                if held_slot == slot:
                    self._clear_row(r, row)
        del self._extents[slot], self._paths[slot]

    def choose(self, slots: list[int]) -> int:
        """Row `j` of the coming forward uses the adapter in `slots[j]`; 0 is the base. The rank bucket shown."""
        # An adapter that does not reach this module is the base here: a row must never remember an empty slot,
        # for the next adapter in it may well reach the module.
        slots = [slot if slot in self._extents else 0 for slot in slots]
        used = [slot for slot in slots if slot]
        rank = max((self.place_of(slot)[0] for slot in used), default=min(self.layouts))
        self.open(rank)
        for row, slot in enumerate(slots):
            if self._held[rank][row] != slot:
                self._fill_row(rank, row, slot)
        for shrinking in self._shrinkings.values():
            shrinking.forget()
        self._show(rank, frozenset(self._paths[slot] for slot in used))
        return rank

    def show(self, rank: int) -> None:
        """Let every layer read the rows of a rank bucket."""
        self.open(rank)
        self._show(rank, frozenset((frozenset(self._layers),)))

    def place_of(self, slot: int) -> tuple[int, int]:
        """The rank bucket of a slot number and its index there; slots are numbered through all buckets from 1."""
        bucket, index = divmod(slot - 1, self._slots)
        return list(self.layouts)[bucket], index

    def slots_of(self, rank: int) -> range:
        """The slot numbers of a rank bucket."""
        first = 1 + list(self.layouts).index(rank) * self._slots
        return range(first, first + self._slots)

    def zero(self) -> None:
        """Zero everything."""
        for slot in list(self._extents):
            self.evict(slot)

    def _share(self, members: tuple[Target, ...]) -> Shrinking:
        shrinking = Shrinking(len(members))
        for member, target in enumerate(members):
            layer = self._layers[target.path]
            layer.shrinking, layer.member = shrinking, member
        return shrinking

    def _fill_row(self, rank: int, row: int, slot: int) -> None:
        self._clear_row(rank, row)
        if slot:
            extent = self._extents[slot]
            own, index = self.place_of(slot)
            target = self._rows[rank][row]
            if own == rank:
                target[:extent].copy_(self._pool[own][index, :extent])
            else:
                self._pad(target, rank, self._pool[own][index], own, self._paths[slot])
            self.row_copies += 1
        self._held[rank][row] = slot

    def _pad(self, target: Tensor, rank: int, source: Tensor, own: int, paths: frozenset[str]) -> None:
        wide, narrow = self.layouts[rank], self.layouts[own]
        for path in paths:
            wide.a_of(target, path)[:own].copy_(narrow.a_of(source, path))
            wide.b_of(target, path)[:own].copy_(narrow.b_of(source, path))

    def _clear_row(self, rank: int, row: int) -> None:
        slot = self._held[rank][row]
        if slot:
            end = self.layouts[rank].extent_of(self._paths[slot])
            self._rows[rank][row, :end].zero_()
            self._held[rank][row] = 0

    def _show(self, rank: int, reached: frozenset[frozenset[str]]) -> None:
        if not self._skip_unused:
            reached = frozenset((frozenset(self._layers),))
        if self._shown == (rank, reached):
            return
        paths = frozenset().union(*reached)
        for path, layer in self._layers.items():
            layer.a_rki, layer.b_rko = self._views[rank][path] if path in paths else (None, None)
        for members, shrinking in self._shrinkings.items():
            shrinking.open = sum(target.path in paths for target in members)
            shrinking.a_rji = self._shared[rank][members]
        self._shown = (rank, reached)
