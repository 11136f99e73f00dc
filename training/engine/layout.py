"""Where each matrix of each adapted module lies in one slot's row of the stack.

A slot is one row of numbers. Every component has a stretch of it, all A first, then all B:

    | unet: A A A ... | B B B ... | text_encoder: A A ... | B B ... |

Modules that read the same input (q, k and v of self-attention) have their A's side by side, so that one product
shrinks for all of them. A of a convolution is kept as the matrix that its product needs (see `ops`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from torch import Tensor

from training.engine.formats import LayerWeights
from training.engine.names import Component
from training.engine.targets import Site


@dataclass(frozen=True, slots=True)
class Stretch:
    """Part of a slot's row."""

    begin: int
    end: int

    @property
    def size(self) -> int:
        return self.end - self.begin

    def of(self, rows: Tensor) -> Tensor:
        """This part of every row, [rows, size]."""
        return rows[..., self.begin : self.end]


@dataclass(frozen=True, slots=True)
class Group:
    """Sites whose A's lie side by side, with the places of their matrices."""

    sites: tuple[Site, ...]
    a: Stretch
    b: tuple[Stretch, ...]


class Layout:
    """The places of all sites for one rank."""

    def __init__(self, sites: Iterable[Site], rank: int, fuse: bool = True) -> None:
        self.rank = rank
        self.groups: list[Group] = []
        self.matrices: dict[Component, tuple[Stretch, Stretch]] = {}
        self._places: dict[tuple[Component, str], tuple[Site, Stretch, Stretch]] = {}
        self.size = 0
        for component, members in groupby(sites, key=lambda site: site.component):
            self._place(component, _grouped(list(members), fuse))

    @property
    def sites(self) -> list[Site]:
        return [site for site, _, _ in self._places.values()]

    def __contains__(self, key: tuple[Component, str]) -> bool:
        return key in self._places

    def site(self, key: tuple[Component, str]) -> Site:
        return self._places[key][0]

    def write(self, row: Tensor, key: tuple[Component, str], layer: LayerWeights) -> None:
        """Put one layer's matrices into a slot's row; ranks below the layout's leave the rest as it is."""
        site, a, b = self._places[key]
        self._matrix(row, a)[: self._a_rows(site, layer.rank)] = _as_stored(site, layer.A)
        b.of(row).view(site.outputs, self.rank)[:, : layer.rank] = layer.scaled_b

    def read(self, row: Tensor, key: tuple[Component, str], rank: int) -> LayerWeights:
        """A copy of one layer's matrices, cut to `rank`, in the files' shapes."""
        site, a, b = self._places[key]
        stored = self._matrix(row, a)[: self._a_rows(site, rank)]
        B = b.of(row).view(site.outputs, self.rank)[:, :rank]
        return LayerWeights(_as_filed(site, stored, rank).clone(), B.clone())

    def _matrix(self, row: Tensor, a: Stretch) -> Tensor:
        return a.of(row).view(a.size, 1)

    def _a_rows(self, site: Site, rank: int) -> int:
        return site.fan_in * rank

    def _place(self, component: Component, groups: list[tuple[Site, ...]]) -> None:
        begin = at = self.size
        shrinks: list[tuple[tuple[Site, ...], Stretch]] = []
        for sites in groups:
            end = at + sum(site.fan_in for site in sites) * self.rank
            shrinks.append((sites, Stretch(at, end)))
            at = end
        middle = at
        for sites, a in shrinks:
            expands = []
            for index, site in enumerate(sites):
                expands.append(Stretch(at, at + site.outputs * self.rank))
                own = a.begin + index * site.fan_in * self.rank
                self._places[site.key] = (site, Stretch(own, own + site.fan_in * self.rank), expands[-1])
                at = expands[-1].end
            self.groups.append(Group(sites, a, tuple(expands)))
        self.matrices[component] = (Stretch(begin, middle), Stretch(middle, at))
        self.size = at


def _grouped(sites: list[Site], fuse: bool) -> list[tuple[Site, ...]]:
    together: dict[str, list[Site]] = {}
    for site in sites:
        together.setdefault(site.shared if fuse and site.shared else site.path, []).append(site)
    return [tuple(members) for members in together.values()]


def is_folded(site: Site) -> bool:
    """Whether a convolution is made as one matrix product and a sum of shifted results."""
    return site.kernel is not None and site.kernel != (1, 1) and site.stride == (1, 1)


def _as_stored(site: Site, A: Tensor) -> Tensor:
    """[rank · taps · inputs, 1] for a folded convolution, else [rank · inputs · taps, 1]."""
    if is_folded(site):
        A = A.flip(2, 3).permute(0, 2, 3, 1)
    return A.reshape(-1, 1)


def _as_filed(site: Site, stored: Tensor, rank: int) -> Tensor:
    if site.kernel is None:
        return stored.reshape(rank, site.inputs)
    if is_folded(site):
        return stored.reshape(rank, *site.kernel, site.inputs).permute(0, 3, 1, 2).flip(2, 3)
    return stored.reshape(rank, site.inputs, *site.kernel)
