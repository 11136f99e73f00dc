"""Many adapters over one base model: stacked matrices, and layers that pick a slot for each row.

    stack = AdapterStack.attach(base.modules, TargetSet.ATTENTION, slots=8, rank=16)
    stack.load(3, parse(data, base.names))
    stack.select("unet", [0, 3, 3])        # three rows: the base itself, and twice the adapter of slot 3
    base.unet(...)
    stack.detach()

Slot 0 is all zeros, the base model itself; when every row uses it, nothing is computed for it. The matrices stay where
they are in memory as long as the stack lives.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from training.engine.errors import RankTooLarge, UnknownTarget, UnmatchedKey
from training.engine.formats import AdapterWeights, LayerWeights
from training.engine.layers import AdaptedConv2d, AdaptedLinear, Port, Shrinking, Switch
from training.engine.layout import Layout
from training.engine.names import Component
from training.engine.selection import Selection, select_rows
from training.engine.targets import Patterns, Site, TargetSet, find_sites

BASE_SLOT = 0
_CLASSES: dict[type[nn.Module], type[nn.Module]] = {nn.Linear: AdaptedLinear, nn.Conv2d: AdaptedConv2d}


@dataclass(frozen=True, slots=True)
class _Attached:
    module: nn.Module
    plain: type[nn.Module]


class AdapterStack:
    """`rows` [slots + 1, size]: one row of numbers for each slot, in the places that `layout` gives them."""

    def __init__(self, layout: Layout, slots: int, device: torch.device, dtype: torch.dtype = torch.float32) -> None:
        self.layout, self.slots = layout, slots
        self.rows = torch.zeros(slots + 1, layout.size, device=device, dtype=dtype)
        self.gradients: Tensor | None = None
        self.anchor = torch.zeros((), device=device, requires_grad=True)
        self._computing: dict[torch.dtype, Tensor] = {}
        self._switches = {component: Switch() for component in layout.matrices}
        self._shrinkings: list[Shrinking] = []
        self._attached: list[_Attached] = []

    @classmethod
    def attach(
        cls,
        modules: Mapping[str, nn.Module],
        targets: TargetSet | Patterns,
        slots: int,
        rank: int,
        dtype: torch.dtype = torch.float32,
        fuse: bool = True,
    ) -> AdapterStack:
        """A stack over the modules that `targets` match, with `slots` free slots beside slot 0.

        `UnknownTarget` when a pattern matches nothing, or a matched module is adapted already.
        """
        present = {name: module for name, module in modules.items() if module is not None}
        sites = find_sites(present, targets)
        device = next(next(iter(present.values())).parameters()).device
        stack = cls(Layout(sites, rank, fuse), slots, device, dtype)
        stack._attach(present)
        return stack

    @property
    def rank(self) -> int:
        """The largest rank a slot holds."""
        return self.layout.rank

    @property
    def nbytes(self) -> int:
        return self.rows.nbytes + sum(copy.nbytes for copy in self._computing.values())

    def select(self, component: str, slots: Sequence[int] | None) -> None:
        """The slot of every row of this component's next forwards; None, or all 0, leaves the base alone."""
        if slots is None or not any(slots):
            self._set(component, None)
            return
        for slot in slots:
            if not 0 <= slot <= self.slots:
                raise IndexError(f"there is no slot {slot}, only 0 to {self.slots}")
        self._set(component, select_rows(slots, self.rows.device))

    @contextmanager
    def serving(self, slot: int) -> Iterator[None]:
        """Within it, every row of every component uses this slot, however many rows there are."""
        before = {component: switch.selection for component, switch in self._switches.items()}
        for component in before:
            self._set(component, Selection((slot,), None) if slot else None)
        try:
            yield
        finally:
            for component, selection in before.items():
                self._set(component, selection)

    def load(self, slot: int, weights: AdapterWeights) -> None:
        """Put an adapter into a slot. `RankTooLarge`, or `UnmatchedKey` for a layer that this stack leaves alone."""
        if weights.rank > self.rank:
            raise RankTooLarge(weights.rank, self.rank)
        for component, path, _ in weights:
            if (component, path) not in self.layout:
                raise UnmatchedKey(f"{component}.{path}", "is not among the modules this stack adapts")
        self.clear(slot)
        for component, path, layer in weights:
            self.layout.write(self.rows[slot], (component, path), layer)
        self.changed(slot)

    def read(self, slot: int, sites: Iterable[Site] | None = None, rank: int | None = None) -> AdapterWeights:
        """A copy of what a slot holds, of some sites only and cut to a rank; the scale is in B."""
        layers: dict[Component, dict[str, LayerWeights]] = {}
        for site in self.layout.sites if sites is None else sites:
            found = self.layout.read(self.rows[slot], site.key, rank or self.rank)
            layers.setdefault(site.component, {})[site.path] = found
        return AdapterWeights(layers)

    def clear(self, slot: int) -> None:
        """Zero a slot, and every copy of it."""
        assert slot != BASE_SLOT, "slot 0 is always zero"
        for stacked in (self.rows, self.gradients, *self._computing.values()):
            if stacked is not None:
                stacked[slot].zero_()

    def numbers(self, dtype: torch.dtype) -> Tensor:
        """All slots in a computing precision; a copy beside the master when they differ."""
        if dtype == self.rows.dtype:
            return self.rows
        if dtype not in self._computing:
            self._computing[dtype] = self.rows.to(dtype)
        return self._computing[dtype]

    def changed(self, slot: int) -> None:
        """Bring the computing copies up to date after `rows[slot]` was written."""
        for copy in self._computing.values():
            copy[slot].copy_(self.rows[slot])

    def collect_gradients(self) -> Tensor:
        """From now on backward passes add to the tensor returned, [slots + 1, size], in single precision."""
        if self.gradients is None:
            self.gradients = torch.zeros_like(self.rows, dtype=torch.float32)
        return self.gradients

    def detach(self) -> None:
        """Give every module its own class back, and zero everything."""
        for attached in self._attached:
            del attached.module.adapter_port
            attached.module.__class__ = attached.plain
        self._attached.clear()
        for slot in range(1, self.slots + 1):
            self.clear(slot)

    def _set(self, component: str, selection: Selection | None) -> None:
        switch = self._switches.get(Component(component))
        if switch is not None:
            switch.selection = selection
        for shrinking in self._shrinkings:
            shrinking.forget()

    def _attach(self, modules: Mapping[str, nn.Module]) -> None:
        for group in self.layout.groups:
            component = group.sites[0].component
            shrinking = Shrinking(self, self._switches[component], group)
            self._shrinkings.append(shrinking)
            for member, site in enumerate(group.sites):
                module = modules[component].get_submodule(site.path)
                self._swap(module, site, Port(self, self._switches[component], shrinking, member))

    def _swap(self, module: nn.Module, site: Site, port: Port) -> None:
        plain = type(module)
        if plain not in _CLASSES:
            self.detach()
            raise UnknownTarget(f"{site.component}.{site.path} is a {plain.__name__}: adapted already, or not plain")
        module.__class__ = _CLASSES[plain]
        module.adapter_port = port  # type: ignore[assignment]
        self._attached.append(_Attached(module, plain))
