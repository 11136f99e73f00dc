"""Adapters as files: read from what diffusers, PEFT and kohya write, written so that all of them read it.

Matrices: A [rank, in] or [rank, in, kh, kw], B [out, rank]; what a layer adds is scale · B·A.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor, nn

from training.engine import tensorfile
from training.engine.errors import AdapterFileError, IncompleteLayer, ShapeMismatch, UnmatchedKey
from training.engine.names import Address, Component, NameBook, Part
from training.engine.peftmeta import PeftScales

_KOHYA_PREFIX = {
    Component.UNET: "lora_unet_",
    Component.TEXT_ENCODER: "lora_te_",
    Component.TEXT_ENCODER_2: "lora_te2_",
}


@dataclass(frozen=True, slots=True, eq=False)
class LayerWeights:
    """One module's pair of matrices."""

    A: Tensor = field(repr=False)
    B: Tensor = field(repr=False)
    scale: float = 1.0

    @property
    def rank(self) -> int:
        return int(self.A.shape[0])

    @property
    def scaled_b(self) -> Tensor:
        """B with the scale in it."""
        return self.B if self.scale == 1.0 else self.B * self.scale


@dataclass(slots=True, eq=False)
class AdapterWeights:
    """One adapter: for each component, module path to its matrices."""

    layers: dict[Component, dict[str, LayerWeights]]

    def __iter__(self) -> Iterator[tuple[Component, str, LayerWeights]]:
        for component, layers in self.layers.items():
            for path, layer in layers.items():
                yield component, path, layer

    def of(self, component: Component) -> dict[str, LayerWeights]:
        """The layers of one component; empty when the adapter leaves it alone."""
        return self.layers.get(component, {})

    @property
    def rank(self) -> int:
        """The largest rank of any layer."""
        return max((layer.rank for _, _, layer in self), default=0)

    @property
    def nbytes(self) -> int:
        return sum(layer.A.nbytes + layer.B.nbytes for _, _, layer in self)

    def wipe(self) -> None:
        """Overwrite all matrices with zeros."""
        for _, _, layer in self:
            layer.A.zero_()
            layer.B.zero_()


def parse(data: bytes | bytearray, modules: Mapping[str, nn.Module] | NameBook) -> AdapterWeights:
    """The adapter in a safetensors file, for `modules` by component name ("unet", "text_encoder", "text_encoder_2").

    Every key must find its module: `UnmatchedKey`, `UnsupportedKey`, `IncompleteLayer`, `ShapeMismatch` name the one
    that does not. Matrices of a bytearray share its memory.
    """
    book = modules if isinstance(modules, NameBook) else NameBook(modules)
    tensors, metadata = tensorfile.read(data)
    keys: dict[Address, str] = {}
    for key in tensors:
        address = book.resolve(key)
        if address in keys:
            raise UnmatchedKey(key, f"names the same matrix as {keys[address]!r}")
        keys[address] = key
    if not keys:
        raise AdapterFileError("the file holds no layers; an adapter that changes nothing is not loaded")
    scales = PeftScales(metadata)
    layers: dict[Component, dict[str, LayerWeights]] = {}
    for component, path in dict.fromkeys((address.component, address.path) for address in keys):
        layer = _layer(component, path, keys, tensors, book.modules[component, path], scales)
        layers.setdefault(component, {})[path] = layer
    return AdapterWeights(layers)


def to_diffusers(weights: AdapterWeights, metadata: Mapping[str, str] | None = None) -> bytearray:
    """A file that diffusers' `load_lora_weights`, PEFT and ComfyUI load; the scale is folded into B."""
    tensors: dict[str, Tensor] = {}
    for component, path, layer in weights:
        name = f"{component}.{_public(component, path)}"
        tensors[f"{name}.lora_A.weight"] = layer.A
        tensors[f"{name}.lora_B.weight"] = _shaped(layer)
    return tensorfile.write(tensors, {"format": "pt", **(metadata or {})})


def to_kohya(weights: AdapterWeights, metadata: Mapping[str, str] | None = None) -> bytearray:
    """A file in kohya's names, each layer with an `alpha` that carries its scale."""
    tensors: dict[str, Tensor] = {}
    several = bool(weights.of(Component.TEXT_ENCODER_2))
    for component, path, layer in weights:
        prefix = "lora_te1_" if several and component == Component.TEXT_ENCODER else _KOHYA_PREFIX[component]
        name = prefix + _public(component, path).replace(".", "_")
        tensors[f"{name}.lora_down.weight"] = layer.A
        tensors[f"{name}.lora_up.weight"] = _shaped(replace(layer, scale=1.0))
        tensors[f"{name}.alpha"] = torch.tensor(layer.scale * layer.rank)
    return tensorfile.write(tensors, {"format": "pt", **(metadata or {})})


def _public(component: Component, path: str) -> str:
    # Files in circulation always carry the wrapper that older transformers had.
    wrapped = component != Component.UNET and not path.startswith("text_model.")
    return f"text_model.{path}" if wrapped else path


def _shaped(layer: LayerWeights) -> Tensor:
    B = layer.scaled_b
    return B.reshape(*B.shape, *[1] * (layer.A.dim() - 2))


def _layer(
    component: Component,
    path: str,
    keys: Mapping[Address, str],
    tensors: Mapping[str, Tensor],
    module: nn.Module,
    scales: PeftScales,
) -> LayerWeights:
    name = f"{component}.{path}"
    a_key, b_key, alpha_key = (keys.get(Address(component, path, part)) for part in Part)
    if a_key is None or b_key is None:
        raise IncompleteLayer(name, "A (down)" if a_key is None else "B (up)")
    A, B = _fitted(a_key, tensors[a_key], b_key, tensors[b_key], module)
    rank = A.shape[0]
    if alpha_key is None:
        return LayerWeights(A, B, scales.of(component, path, rank))
    return LayerWeights(A, B, _alpha(alpha_key, tensors[alpha_key]) / rank)


def _alpha(key: str, tensor: Tensor) -> float:
    if tensor.numel() != 1:
        raise ShapeMismatch(key, tuple(tensor.shape), "one number")
    return float(tensor.item())


def _fitted(a_key: str, A: Tensor, b_key: str, B: Tensor, module: nn.Module) -> tuple[Tensor, Tensor]:
    weight = module.weight
    assert isinstance(weight, Tensor)
    out, *inner = weight.shape
    rank = A.shape[0] if A.dim() else 0
    # Layers with a 1x1 kernel are convolutions in some files and matrices in others.
    pointwise = all(side == 1 for side in inner[1:])
    fits = list(A.shape[1:]) == inner or (
        pointwise and A.numel() == rank * inner[0] and A.shape[1:2] == weight.shape[1:2]
    )
    if not rank or not fits:
        raise ShapeMismatch(a_key, tuple(A.shape), f"[rank, {', '.join(map(str, inner))}]")
    if tuple(B.shape[:2]) != (out, rank) or B.numel() != out * rank:
        raise ShapeMismatch(b_key, tuple(B.shape), f"[{out}, {rank}]")
    return A.reshape(rank, *inner), B.reshape(out, rank)
