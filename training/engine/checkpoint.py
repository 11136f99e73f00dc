"""A job's whole state as one safetensors file, to go on from bit for bit, here or in another pack.

weights.<component>.<module>.A|B    the adapter, the scale in B
mean.…, square.…                    the optimizer's moments, in the same shapes
generator, order, prior_order       the job's chance
step                                steps behind it
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from training.engine import tensorfile
from training.engine.draws import ChanceState
from training.engine.errors import CheckpointMismatch
from training.engine.formats import LayerWeights
from training.engine.layout import Layout
from training.engine.member import Member

_FORMAT = "pixreunion-training-1"


def save(member: Member, layout: Layout, stacks: Mapping[str, Tensor]) -> bytearray:
    """The state of a member; `stacks` [slots, size] by the name they have in the file."""
    tensors: dict[str, Tensor] = {}
    for kind, stacked in stacks.items():
        for site in member.sites:
            layer = layout.read(stacked[member.slot], site.key, member.spec.rank)
            tensors[f"{kind}.{site.component}.{site.path}.A"] = layer.A
            tensors[f"{kind}.{site.component}.{site.path}.B"] = layer.B
    chance = member.chance.state
    tensors |= {"generator": chance.generator, "order": chance.order, "prior_order": chance.prior_order}
    tensors["step"] = torch.tensor(member.step)
    return tensorfile.write(tensors, {"format": _FORMAT, "spec": member.spec.fingerprint()})


def restore(data: bytes | bytearray, member: Member, layout: Layout, stacks: Mapping[str, Tensor]) -> None:
    """Put a saved state into a member's slot; `CheckpointMismatch` when it belongs to another training."""
    tensors, metadata = tensorfile.read(data)
    if metadata.get("format") != _FORMAT:
        raise CheckpointMismatch("this file is no training checkpoint of this version")
    if metadata.get("spec") != member.spec.fingerprint():
        raise CheckpointMismatch("the checkpoint was made with other settings; resume with the ones it was made with")
    try:
        for kind, stacked in stacks.items():
            for site in member.sites:
                name = f"{kind}.{site.component}.{site.path}"
                layer = LayerWeights(tensors[f"{name}.A"], tensors[f"{name}.B"])
                layout.write(stacked[member.slot], site.key, layer)
        chance = ChanceState(tensors["generator"].clone(), tensors["order"], tensors["prior_order"])
        member.step = int(tensors["step"].item())
    except (KeyError, RuntimeError) as error:
        raise CheckpointMismatch(f"the checkpoint does not fit this base model: {error}") from None
    member.chance.state = chance
