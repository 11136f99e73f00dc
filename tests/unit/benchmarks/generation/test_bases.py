"""What is measured has the published sizes."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from benchmarks.generation import bases


def millions(module: nn.Module) -> float:
    return round(sum(parameter.numel() for parameter in module.parameters()) / 1e6, 1)


@pytest.mark.parametrize(
    ("name", "unet", "encoders", "layers", "rank_4"),
    [("sd15", 859.5, [123.1], 128, 0.80), ("sdxl", 2567.5, [123.1, 694.7], 560, 5.81)],
)
def test_the_published_configurations(
    name: str, unet: float, encoders: list[float], layers: int, rank_4: float
) -> None:
    with torch.device("meta"):
        base = bases.BUILDERS[name]()
    assert millions(base.unet) == unet
    assert [millions(encoder) for encoder in base.text_encoders] == encoders
    weights = [
        module.weight
        for path, module in base.unet.named_modules()
        if path.endswith(bases.ATTENTION) and isinstance(module, nn.Linear)
    ]
    assert len(weights) == layers
    assert round(4 * sum(sum(weight.shape) for weight in weights) / 1e6, 2) == rank_4
    assert base.side == {"sd15": 512, "sdxl": 1024}[name]
