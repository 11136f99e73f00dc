"""Adapter files (diffusers/PEFT LoRA safetensors) as layers: path of the adapted layer, `A`, and `B` scaled.

unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q.lora_A.weight
text_encoder.text_model.encoder.layers.0.self_attn.q_proj.lora_B.weight
unet.….to_q.alpha                                                            (optional; scale is alpha / rank)
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import safetensors.torch
from torch import Tensor

Layers = dict[str, tuple[Tensor, Tensor]]
"""For each adapted layer's path: `A [r, in, ...]` and `B [out, r, ...]`, the scale folded into `B`."""


class UnusableAdapter(ValueError):
    """The file is not an adapter for this base model; the message names what does not fit."""


def read(data: bytes | bytearray, components: Iterable[str]) -> dict[str, Layers]:
    """The layers of an adapter file, for each of the base model's components."""
    tensors = safetensors.torch.load(bytes(data))
    alphas = {key.removesuffix(".alpha"): float(t) for key, t in tensors.items() if key.endswith(".alpha")}
    read: dict[str, Layers] = {component: {} for component in components}
    unknown = []
    for key, a in tensors.items():
        component, _, rest = key.partition(".")
        path, found, _ = rest.rpartition(".lora_A.weight")
        if key.endswith((".lora_B.weight", ".alpha")):
            continue
        b = tensors.get(f"{component}.{path}.lora_B.weight")
        if not found or component not in read or b is None:
            unknown.append(key)
            continue
        scale = alphas.get(f"{component}.{path}", float(a.shape[0])) / a.shape[0]
        read[component][path] = (a.float(), b.float().flatten(1) * scale)
    if unknown or not any(read.values()):
        raise UnusableAdapter(f"keys that match nothing: {', '.join(sorted(unknown)[:5]) or 'the file has none'}")
    return read


def metadata_of(data: bytes | bytearray) -> dict[str, Any]:
    """The file's own notes."""
    length = int.from_bytes(data[:8], "little")
    header = json.loads(bytes(data[8 : 8 + length]))
    return dict(header.get("__metadata__", {}))
