"""From the names in adapter files to modules of a base model.

Four families of names are in use for one layer of the UNet:

    unet.down_blocks.1.attentions.0...attn1.to_q.lora_A.weight          diffusers with PEFT
    unet.down_blocks.1.attentions.0...attn1.processor.to_q_lora.down.weight   older diffusers
    lora_unet_down_blocks_1_attentions_0_..._attn1_to_q.lora_down.weight      kohya
    lora_unet_input_blocks_4_1_..._attn1_to_q.lora_down.weight          kohya for SDXL, in the original block numbering
    base_model.model.down_blocks...attn1.to_q.lora_A.weight             PEFT alone, of one module

A name resolves to exactly one module or not at all; nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from torch import nn

from training.engine.errors import UnmatchedKey, UnsupportedKey
from training.engine.originals import original_names


class Component(StrEnum):
    """The parts of a base model that can be adapted."""

    UNET = "unet"
    TEXT_ENCODER = "text_encoder"
    TEXT_ENCODER_2 = "text_encoder_2"


class Part(StrEnum):
    """What a key holds of a layer."""

    A = "A"
    B = "B"
    ALPHA = "alpha"


@dataclass(frozen=True, slots=True)
class Address:
    """One part of one adapted module."""

    component: Component
    path: str
    part: Part


_PAIR = re.compile(
    r"(?P<name>.+?)(?:\.lora_(?P<ab>[AB])(?:\.\w+)?|\.lora_linear_layer\.(?P<old>down|up)|[._]lora[._](?P<du>down|up))\.weight"
)
_PARTS = {"A": Part.A, "B": Part.B, "down": Part.A, "up": Part.B}
_OTHER_METHODS = {
    "hada_": "LoHa",
    "lokr_": "LoKr",
    "oft_": "OFT",
    "lora_mid": "LoCon's Tucker form",
    "dora_scale": "DoRA",
    "lora_magnitude_vector": "DoRA",
    "lora_embedding": "embedding adapters",
    ".diff": "full differences",
    ".bias": "adapters with a bias",
}
_KOHYA = {
    "lora_unet_": Component.UNET,
    "lora_te_": Component.TEXT_ENCODER,
    "lora_te1_": Component.TEXT_ENCODER,
    "lora_te2_": Component.TEXT_ENCODER_2,
}
_PEFT = "base_model.model."


def adaptable(module: nn.Module) -> bool:
    """Whether a stack can adapt this module."""
    return isinstance(module, (nn.Linear, nn.Conv2d))


class NameBook:
    """Every name that files use for the adaptable modules of one base model."""

    def __init__(self, modules: Mapping[str, nn.Module]) -> None:
        self.modules = {
            (Component(component), path): module
            for component, root in modules.items()
            for path, module in root.named_modules()
            if adaptable(module)
        }
        self._dotted: dict[Component, dict[str, str]] = {Component(component): {} for component in modules}
        for component, root in modules.items():
            originals = original_names(root) if component == Component.UNET else {}
            for other, path in originals.items():
                self._dotted[Component(component)].setdefault(other, path)
        for component, path in self.modules:
            for alias in _aliases(path):
                self._dotted[component][alias] = path
        self._flat = {c: {n.replace(".", "_"): p for n, p in names.items()} for c, names in self._dotted.items()}

    def resolve(self, key: str) -> Address:
        """Where a key belongs; `UnmatchedKey` or `UnsupportedKey` name it when it belongs nowhere."""
        name, part = _split(key)
        found = list(self._candidates(name))
        if len(found) > 1:
            raise UnmatchedKey(key, "could belong to several text encoders; give it its component's prefix")
        if not found:
            raise UnmatchedKey(key)
        return Address(*found[0], part)

    def _candidates(self, name: str) -> Iterator[tuple[Component, str]]:
        for prefix, component in _KOHYA.items():
            if name.startswith(prefix):
                path = self._flat.get(component, {}).get(name.removeprefix(prefix))
                return iter([(component, path)] if path else [])
        head, _, rest = name.partition(".")
        if head in {str(component) for component in Component}:
            return self._in_component(Component(head), rest)
        plain = name.removeprefix(_PEFT)
        return (hit for component in self._dotted for hit in self._in_component(component, plain))

    def _in_component(self, component: Component, name: str) -> Iterator[tuple[Component, str]]:
        plain = name.removeprefix(_PEFT).replace(".processor.", ".")
        path = self._dotted.get(component, {}).get(plain)
        return iter([(component, path)] if path else [])


def _split(key: str) -> tuple[str, Part]:
    for mark, method in _OTHER_METHODS.items():
        if mark in key:
            raise UnsupportedKey(key, method)
    if key.endswith(".alpha"):
        return key.removesuffix(".alpha"), Part.ALPHA
    pair = _PAIR.fullmatch(key)
    if pair is None:
        raise UnmatchedKey(key, "is no part of a LoRA layer")
    return pair["name"], _PARTS[pair["ab"] or pair["old"] or pair["du"]]


def _aliases(path: str) -> Iterator[str]:
    yield path
    if path.endswith("to_out.0"):
        yield path.removesuffix(".0")
    # Text encoders are wrapped in `text_model` in some versions of transformers and not in others.
    if path.startswith("text_model."):
        yield path.removeprefix("text_model.")
    elif path.startswith("encoder.layers."):
        yield f"text_model.{path}"
