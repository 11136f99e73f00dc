"""Where each layer's adapter lies in one flat vector, so that a whole adapter moves in one copy.

For every layer that may be adapted the vector holds `A` (`[rank, in]`, what shrinks) and `B` transposed
(`[rank, out]`, what expands, with the adapter's scale folded in). Both begin with the rank, so an adapter of lower
rank fills the first lines of each and leaves zeros below. Layers that read the same input (an attention's queries,
keys and values) have their `A`s side by side, before their `B`s, so that one product shrinks for all of them. Layers
that most adapters have come first (attention, then feed-forward, then the rest, convolutions last): an adapter's
*extent* is where its last layer ends, and what lies beyond need neither be copied nor computed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import prod

import torch
from torch import Tensor, nn

from training.engine.targets import shared_input


@dataclass(frozen=True, slots=True)
class Target:
    """A layer that may be adapted: its path, and the widths of what goes in (with a kernel, all of it) and out.
    `shared` names the input that several layers read."""

    path: str
    inward: int
    outward: int
    shared: str = ""

    @property
    def width(self) -> int:
        return self.inward + self.outward


@dataclass(frozen=True, slots=True)
class Place:
    """Where a target's `A` and `B` begin in the vector, and where `B` ends."""

    target: Target
    a: int
    b: int
    end: int


class Layout:
    """The places of all targets at one rank."""

    def __init__(self, targets: Iterable[Target], rank: int) -> None:
        self.rank = rank
        self.places: dict[str, Place] = {}
        self.groups = grouped(targets)
        self.length = 0
        for members in self.groups:
            self._place(members)

    def _place(self, members: tuple[Target, ...]) -> None:
        a, b = self.length, self.length + self.rank * sum(target.inward for target in members)
        for target in members:
            end = b + self.rank * target.outward
            self.places[target.path] = Place(target, a, b, end)
            a, b = a + self.rank * target.inward, end
        self.length = b

    def a_of(self, flat: Tensor, path: str) -> Tensor:
        """The target's `A` in `flat` (`[..., length]`): a view `[..., rank, in]`."""
        place = self.places[path]
        end = place.a + self.rank * place.target.inward
        return flat[..., place.a : end].view(*flat.shape[:-1], self.rank, place.target.inward)

    def shared_a_of(self, flat: Tensor, members: tuple[Target, ...]) -> Tensor:
        """All `A`s of a group, one below the other: a view `[..., members * rank, in]`."""
        first, last = self.places[members[0].path], self.places[members[-1].path]
        end = last.a + self.rank * last.target.inward
        return flat[..., first.a : end].view(*flat.shape[:-1], -1, first.target.inward)

    def b_of(self, flat: Tensor, path: str) -> Tensor:
        """The target's transposed `B` in `flat`: a view `[..., rank, out]`."""
        place = self.places[path]
        return flat[..., place.b : place.end].view(*flat.shape[:-1], self.rank, place.target.outward)

    def extent_of(self, paths: Iterable[str]) -> int:
        """Where the last of `paths` ends; 0 for none."""
        return max((self.places[path].end for path in paths), default=0)

    def write(self, flat: Tensor, layers: Mapping[str, tuple[Tensor, Tensor, float]]) -> None:
        """Put layers (`A [r, in...]`, `B [out, r]`, scale) into the zeroed vector `flat`; `r` is at most the rank."""
        for path, (a, b, scale) in layers.items():
            r = a.shape[0]
            self.a_of(flat, path)[:r].copy_(a.flatten(1))
            self.b_of(flat, path)[:r].copy_(b.T).mul_(scale)


def find_targets(module: nn.Module) -> list[Target]:
    """Every linear and (ungrouped) convolution layer under `module`, those that most adapters have first."""
    found = [
        _target(path, layer, module)
        for path, layer in module.named_modules()
        if isinstance(layer, nn.Linear) or (isinstance(layer, nn.Conv2d) and layer.groups == 1)
    ]
    return sorted(found, key=lambda target: _rarity(target.path, module.get_submodule(target.path)))


def grouped(targets: Iterable[Target]) -> list[tuple[Target, ...]]:
    """Targets that read the same input together, the others each alone; in the order of the first of each."""
    together: dict[str, list[Target]] = {}
    for target in targets:
        together.setdefault(target.shared or target.path, []).append(target)
    return [tuple(members) for members in together.values()]


def _target(path: str, layer: nn.Linear | nn.Conv2d, root: nn.Module) -> Target:
    shared = shared_input(path, layer, root) if isinstance(layer, nn.Linear) else ""
    return Target(path, prod(layer.weight.shape[1:]), layer.weight.shape[0], shared)


def _rarity(path: str, layer: nn.Module) -> int:
    if isinstance(layer, nn.Conv2d):
        return 4 if layer.kernel_size != (1, 1) else 3
    if path.endswith((".to_q", ".to_k", ".to_v", ".to_out.0", ".q_proj", ".k_proj", ".v_proj", ".out_proj")):
        return 0
    return 1 if ".ff." in path or ".mlp." in path else 2


def empty(length: int, dtype: torch.dtype, *, pinned: bool) -> Tensor:
    """A zeroed host vector; pinned memory reaches an accelerator faster."""
    return torch.zeros(length, dtype=dtype, pin_memory=pinned)
