"""What an adapted module does in its forward: the base's output, plus the selected adapters' share in place.

A module keeps its place, its weights and its name; only its class changes while it is attached. Gradients of the
stacked matrices do not travel through autograd's graph as parameters would: each layer's backward adds them straight
into the stack of gradients, so that nothing is copied or gathered for the slots in use.
"""

from __future__ import annotations

from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from training.engine import ops
from training.engine.layout import Group, Stretch, is_folded
from training.engine.selection import Selection
from training.engine.targets import Site


class Stacked(Protocol):
    """What layers need of the stack."""

    anchor: Tensor
    gradients: Tensor | None

    def numbers(self, dtype: torch.dtype) -> Tensor:
        """All slots' rows [slots, size] in a computing precision."""


class Switch:
    """The selection of one component, shared by its layers; None leaves the base model alone."""

    def __init__(self) -> None:
        self.selection: Selection | None = None


class Shrinking:
    """The A's of a group. Modules that read the same tensor get their part of one product."""

    def __init__(self, stack: Stacked, switch: Switch, group: Group) -> None:
        self._stack, self._switch, self.group, self._a = stack, switch, group, group.a
        self._x: Tensor | None = None
        self._parts: tuple[Tensor, ...] = ()
        self._left: set[int] = set()

    def matrices(self, stacked: Tensor) -> Tensor:
        """[slots, J, I] of [slots, size]."""
        site = self.group.sites[0]
        inner = site.inputs if is_folded(site) else site.fan_in
        return self._a.of(stacked).view(len(stacked), -1, inner)

    def forget(self) -> None:
        """Drop what a broken-off forward left behind."""
        self._x, self._parts, self._left = None, (), set()

    def part(self, x: Tensor, member: int, dtype: torch.dtype) -> Tensor:
        """h for one of the group's modules."""
        if len(self.group.sites) == 1:
            return self._shrunk(x, dtype)
        if self._x is not x or member not in self._left:
            self._x, self._left = x, set(range(len(self.group.sites)))
            h = self._shrunk(x, dtype)
            self._parts = torch.split(h, h.shape[-1] // len(self.group.sites), dim=-1)
        self._left.discard(member)
        part = self._parts[member]
        if not self._left:
            self.forget()
        return part

    def _shrunk(self, x: Tensor, dtype: torch.dtype) -> Tensor:
        selection = self._switch.selection
        assert selection is not None, "a layer shrinks only for a selection"
        if torch.is_grad_enabled() and self._stack.gradients is not None:
            h: Tensor = _Shrink.apply(x, self._stack.anchor, self, self._stack, selection, dtype)  # type: ignore[no-untyped-call]
            return h
        A_gji = selection.pick(self.matrices(self._stack.numbers(dtype)))
        return ops.shrink(x.to(dtype), A_gji, self.group.sites[0])


class Port:
    """Where one module meets the stack."""

    def __init__(self, stack: Stacked, switch: Switch, shrinking: Shrinking, member: int) -> None:
        self._stack, self.switch, self._shrinking, self._member = stack, switch, shrinking, member
        self.site: Site = shrinking.group.sites[member]
        self._b: Stretch = shrinking.group.b[member]

    def matrices(self, stacked: Tensor) -> Tensor:
        """[slots, O, K] of [slots, size]."""
        return self._b.of(stacked).view(len(stacked), self.site.outputs, -1)

    def add(self, x: Tensor, y: Tensor) -> Tensor:
        """y plus the selected adapters' share for the input x."""
        selection = self.switch.selection
        if selection is None:
            return y
        y = y.contiguous()
        h = self._shrinking.part(x, self._member, y.dtype)
        if torch.is_grad_enabled() and self._stack.gradients is not None:
            added: Tensor = _Expand.apply(y, h, self, self._stack, selection)  # type: ignore[no-untyped-call]
            return added
        return ops.expand_(y, h, selection.pick(self.matrices(self._stack.numbers(y.dtype))), self.site)


class AdaptedLinear(nn.Linear):
    """A linear layer with a port."""

    adapter_port: Port

    def forward(self, input: Tensor) -> Tensor:
        return self.adapter_port.add(input, F.linear(input, self.weight, self.bias))


class AdaptedConv2d(nn.Conv2d):
    """A convolution with a port."""

    adapter_port: Port

    def forward(self, input: Tensor) -> Tensor:
        return self.adapter_port.add(input, self._conv_forward(input, self.weight, self.bias))


class _Shrink(torch.autograd.Function):
    """h = A·x; its backward adds A's gradient to the stack's. The anchor makes autograd come by when x is a leaf."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, anchor: Tensor, layer: Shrinking, stack: Stacked, rows: Selection, dtype: torch.dtype
    ) -> Tensor:
        computed = x.to(dtype)
        ctx.save_for_backward(computed)
        ctx.layer, ctx.stack, ctx.rows, ctx.dtype = layer, stack, rows, x.dtype
        with torch.autocast(x.device.type, enabled=False):
            return ops.shrink(computed, rows.pick(layer.matrices(stack.numbers(dtype))), layer.group.sites[0])

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        (x,), layer, rows, stack = ctx.saved_tensors, ctx.layer, ctx.rows, ctx.stack
        A_gji = rows.pick(layer.matrices(stack.numbers(x.dtype)))
        dA_gji, dx = ops.shrink_backward(grads[0], x, A_gji, layer.group.sites[0], ctx.needs_input_grad[0])
        rows.accumulate(layer.matrices(stack.gradients), dA_gji)
        return None if dx is None else dx.to(ctx.dtype), None, None, None, None, None


class _Expand(torch.autograd.Function):
    """y + B·h in place; its backward adds B's gradient to the stack's."""

    @staticmethod
    def forward(ctx: Any, y: Tensor, h: Tensor, port: Port, stack: Stacked, rows: Selection) -> Tensor:
        ctx.save_for_backward(h)
        ctx.mark_dirty(y)
        ctx.port, ctx.stack, ctx.rows = port, stack, rows
        with torch.autocast(y.device.type, enabled=False):
            return ops.expand_(y, h, rows.pick(port.matrices(stack.numbers(y.dtype))), port.site)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        (h,), port, rows, stack = ctx.saved_tensors, ctx.port, ctx.rows, ctx.stack
        B_gok = rows.pick(port.matrices(stack.numbers(h.dtype)))
        dB_gok, dh = ops.expand_backward(grads[0].to(h.dtype), h, B_gok, port.site)
        rows.accumulate(port.matrices(stack.gradients), dB_gok)
        return grads[0], dh, None, None, None
