"""The small residual network behind the identity encoder and the attribute checker, and how it is stored."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn import functional as F


@dataclass(frozen=True, slots=True)
class NetConfig:
    """Widths after each halving, the side pictures are brought to, and the length of the answer."""

    outputs: int
    widths: tuple[int, ...] = (32, 64, 96)
    side: int = 64


class Residual(nn.Module):
    """Two convolutions beside a shortcut."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        self.norm = nn.GroupNorm(8, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        added: torch.Tensor = self.second(F.relu(self.first(F.relu(self.norm(x)))))
        return x + added


class SmallNet(nn.Module):
    """Pictures (B, 3, side, side) in -1..1 to answers (B, outputs); where things are matters to the last layer."""

    def __init__(self, config: NetConfig) -> None:
        super().__init__()
        self.config = config
        layers: list[nn.Module] = []
        before = 3
        for width in config.widths:
            layers += [nn.Conv2d(before, width, 3, stride=2, padding=1), nn.ReLU(), Residual(width)]
            before = width
        self.body = nn.Sequential(*layers, nn.ReLU(), nn.AdaptiveAvgPool2d(4), nn.Flatten())
        self.head = nn.Linear(before * 16, config.outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        answers: torch.Tensor = self.head(self.body(x))
        return answers


def store(net: SmallNet, path: Path) -> None:
    """Writes the network in half precision, its shape in the file's own metadata."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tensors = {name: value.detach().half().contiguous() for name, value in net.state_dict().items()}
    save_file(tensors, path, {"shape": json.dumps(asdict(net.config))})


def load(path: Path, config: NetConfig) -> SmallNet:
    """Reads a network of this shape back, in single precision."""
    net = SmallNet(config)
    net.load_state_dict({name: value.float() for name, value in load_file(path).items()})
    return net.eval().requires_grad_(False)
