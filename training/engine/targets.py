"""Which modules of a base model are adapted, and how each is seen by the stack."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import prod

from torch import nn

from training.engine.errors import UnknownTarget
from training.engine.names import Component


class TargetSet(StrEnum):
    """Named choices: attention alone, with the feed-forward layers, or also the residual blocks and projections."""

    ATTENTION = "attention"
    ATTENTION_FF = "attention_ff"
    ALL = "all"


Patterns = Mapping[str, Sequence[str]]
"""For each component, regular expressions that match whole module paths."""

_UNET_ATTENTION = (r"(.*\.)?attn[12]\.(to_q|to_k|to_v|to_out\.0)",)
_UNET_FF = (r"(.*\.)?ff\.net\.(0\.proj|2)",)
_UNET_REST = (
    r".*\.(proj_in|proj_out)",
    r".*\.resnets\.\d+\.(conv1|conv2|time_emb_proj|conv_shortcut)",
)
_TEXT_ATTENTION = (r".*\.self_attn\.(q_proj|k_proj|v_proj|out_proj)",)
_TEXT_FF = (r".*\.mlp\.(fc1|fc2)",)

_UNET = {
    TargetSet.ATTENTION: _UNET_ATTENTION,
    TargetSet.ATTENTION_FF: _UNET_ATTENTION + _UNET_FF,
    TargetSet.ALL: _UNET_ATTENTION + _UNET_FF + _UNET_REST,
}
_TEXT = {
    TargetSet.ATTENTION: _TEXT_ATTENTION,
    TargetSet.ATTENTION_FF: _TEXT_ATTENTION + _TEXT_FF,
    TargetSet.ALL: _TEXT_ATTENTION + _TEXT_FF,
}


def patterns_of(targets: TargetSet | Patterns, text: bool = True) -> Patterns:
    """The patterns of a named choice, with or without the text encoders; given patterns stay as they are."""
    if not isinstance(targets, TargetSet):
        return targets
    chosen: dict[str, Sequence[str]] = {Component.UNET: _UNET[targets]}
    if text:
        chosen[Component.TEXT_ENCODER] = chosen[Component.TEXT_ENCODER_2] = _TEXT[targets]
    return chosen


@dataclass(frozen=True, slots=True)
class Site:
    """One adapted module. `kernel`, `stride` and `padding` are None for linear layers.

    `shared` names the input that several modules read, so that their shrinking products can be made as one.
    """

    component: Component
    path: str
    inputs: int
    outputs: int
    kernel: tuple[int, int] | None = None
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int] = (0, 0)
    shared: str = ""

    @property
    def fan_in(self) -> int:
        """Inputs that one output of A reads."""
        return self.inputs * prod(self.kernel or (1,))

    @property
    def key(self) -> tuple[Component, str]:
        return self.component, self.path


def find_sites(modules: Mapping[str, nn.Module], targets: TargetSet | Patterns, text: bool = True) -> list[Site]:
    """Every module that the targets match, in the model's order.

    `UnknownTarget` names a pattern that matches nothing, or a matched module that is neither Linear nor Conv2d.
    """
    patterns = patterns_of(targets, text)
    sites: list[Site] = []
    for name, root in modules.items():
        component = Component(name)
        own = [re.compile(pattern) for pattern in patterns.get(component, ())]
        matched = {path: module for path, module in root.named_modules() if any(p.fullmatch(path) for p in own)}
        if not isinstance(targets, TargetSet):
            _refuse_idle(component, own, matched)
        sites += [_site(component, path, module, root) for path, module in matched.items()]
    if not sites:
        raise UnknownTarget("the targets match no module of this base model")
    return sites


def _refuse_idle(component: Component, patterns: list[re.Pattern[str]], paths: Mapping[str, nn.Module]) -> None:
    for pattern in patterns:
        if not any(pattern.fullmatch(path) for path in paths):
            raise UnknownTarget(f"the pattern {pattern.pattern!r} matches no module of {component}")


def _site(component: Component, path: str, module: nn.Module, root: nn.Module) -> Site:
    if isinstance(module, nn.Linear):
        shared = shared_input(path, module, root)
        return Site(component, path, module.in_features, module.out_features, shared=shared)
    if not isinstance(module, nn.Conv2d):
        raise UnknownTarget(f"{component}.{path} is a {type(module).__name__}; only Linear and Conv2d can be adapted")
    plain = module.groups == 1 and set(module.dilation) == {1} and module.padding_mode == "zeros"
    if not plain or isinstance(module.padding, str):
        raise UnknownTarget(f"{component}.{path} is a grouped, dilated or otherwise padded convolution")
    pair = (module.kernel_size[0], module.kernel_size[1])
    stride, padding = (module.stride[0], module.stride[1]), (module.padding[0], module.padding[1])
    return Site(component, path, module.in_channels, module.out_channels, pair, stride, padding)


def shared_input(path: str, module: nn.Linear, root: nn.Module) -> str:
    """A name for the input of a query, key or value layer, the same for all that read it; empty for other layers."""
    parent, _, leaf = path.rpartition(".")
    if leaf not in {"to_q", "to_k", "to_v", "q_proj", "k_proj", "v_proj"}:
        return ""
    if leaf == "to_q" and getattr(root.get_submodule(parent), "is_cross_attention", False):
        return ""
    return f"{parent}:{module.in_features}"
