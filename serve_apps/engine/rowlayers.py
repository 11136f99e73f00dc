"""Layers whose every row of the batch has an adapter of its own, in one batched product over all rows.

A layer holds views into its stack's row buffers: `a_rki` (`[rows, rank, in]`) and `b_rko` (`[rows, rank, out]`),
which never move. Row `j` of the batch meets row `j` of the buffers and no other: there is no index to get wrong in
the forward pass. A layer whose views are None is the base layer.

Shape suffixes: r rows, t tokens, i inputs, o outputs, k rank, j rank of several layers together, l latent
positions.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Shrinking:
    """One product for the `A`s of layers that read the same input: `a_rji`, one below the other. Whichever layer comes
    first makes it, each takes its part, and after the last (of `open`, those that are no base layers) it is forgotten.
    """

    def __init__(self, members: int) -> None:
        self.a_rji: Tensor | None = None
        self.members = self.open = members
        self._x: Tensor | None = None
        self._parts: tuple[Tensor, ...] = ()
        self._taken = 0

    def part(self, x: Tensor, x_rti: Tensor, member: int) -> Tensor:
        """`[r, t, k]` for one member; `x` is what all of them are called with, the very same tensor."""
        assert self.a_rji is not None, "only open layers shrink"
        if self._x is not x:
            shrunk_rtj = torch.bmm(x_rti, self.a_rji[: x.shape[0]].transpose(1, 2))
            self._x, self._parts, self._taken = x, shrunk_rtj.chunk(self.members, dim=2), 0
        part, self._taken = self._parts[member], self._taken + 1
        if self._taken >= self.open:
            self.forget()
        return part

    def forget(self) -> None:
        """Keep nothing of an input, also after a forward that was broken off."""
        self._x, self._parts, self._taken = None, (), 0


class RowLayer(nn.Module):
    """A frozen base layer plus one low-rank term per row; with `shrinking`, several layers' `A`s are one product."""

    def __init__(self, base: nn.Module) -> None:
        super().__init__()
        self.base = base
        self.shrinking: Shrinking | None = None
        self.member = 0
        self.a_rki: Tensor | None = None
        self.b_rko: Tensor | None = None

    @property
    def weight(self) -> Tensor:
        """The base layer's weight: callers look here for its type and device."""
        weight = self.base.weight
        assert isinstance(weight, Tensor)
        return weight

    @property
    def bias(self) -> Tensor | None:
        bias = self.base.bias
        assert bias is None or isinstance(bias, Tensor)
        return bias


class RowLinear(RowLayer):
    """A linear layer over `[r, t, i]` or `[r, i]`."""

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.base(x)
        if self.a_rki is None or self.b_rko is None:
            return y
        rows = x.shape[0]
        x_rti = x if x.dim() == 3 else x.reshape(rows, -1, x.shape[-1])
        y_rto = y if y.dim() == 3 else y.reshape(rows, -1, y.shape[-1])
        if self.shrinking is None:
            shrunk_rtk = torch.bmm(x_rti, self.a_rki[:rows].transpose(1, 2))
        else:
            shrunk_rtk = self.shrinking.part(x, x_rti, self.member)
        return torch.baddbmm(y_rto, shrunk_rtk, self.b_rko[:rows]).view_as(y)


class RowConv(RowLayer):
    """A convolution over `[r, i, h, w]`: the adapter's shrinking half has the kernel, its expanding half has none."""

    base: nn.Conv2d

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.base(x)
        if self.a_rki is None or self.b_rko is None:
            return y
        rows = x.shape[0]
        shrunk_rkl = torch.bmm(self.a_rki[:rows], self._columns(x))
        return torch.baddbmm(y.flatten(2), self.b_rko[:rows].transpose(1, 2), shrunk_rkl).view_as(y)

    def _columns(self, x: Tensor) -> Tensor:
        base = self.base
        assert not isinstance(base.padding, str), "padding is given in numbers by every diffusers layer"
        if base.kernel_size == (1, 1) and base.stride == (1, 1) and base.padding == (0, 0):
            return x.flatten(2)
        return F.unfold(x, base.kernel_size, base.dilation, base.padding, base.stride)


def wrap(module: nn.Module, path: str) -> RowLayer:
    """Put a row layer in the place of the layer at `path`; returns it."""
    parent_path, _, name = path.rpartition(".")
    parent = module.get_submodule(parent_path)
    base = parent.get_submodule(name)
    layer = RowConv(base) if isinstance(base, nn.Conv2d) else RowLinear(base)
    layer.train(base.training)
    setattr(parent, name, layer)
    return layer
