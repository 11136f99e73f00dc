"""How the demo world's face finder learns where faces are in a picture, and how large, from renders only.

It learns a coarse map of how likely a face's middle is in each cell (X. Zhou, D. Wang, P. Krähenbühl, "Objects as
Points", 2019, whose focal loss is used here). `faces.py` runs it.
"""

from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn

from training.demo.crowds import Crowd, crowd
from training.demo.dataset import Dataset
from training.demo.disturb import disturb
from training.demo.faces import CELL, FinderConfig
from training.demo.loop import Losses
from training.demo.nets import Residual
from training.demo.vae import to_tensor

_PORTRAITS = 4


class FinderNet(nn.Module):
    """Pictures (B, 3, side, side) in -1..1 to maps (B, 2, cells, cells): the logit of a face, its side's logarithm."""

    def __init__(self, config: FinderConfig) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before = 3
        for width in config.widths:
            layers += [nn.Conv2d(before, width, 3, stride=2, padding=1), nn.ReLU(), Residual(width)]
            before = width
        self.body = nn.Sequential(*layers, Residual(before), Residual(before), nn.ReLU())
        self.head = nn.Conv2d(before, 2, 1)
        nn.init.zeros_(self.head.weight)
        with torch.no_grad():
            # Most cells have no face: begin with that belief.
            self.head.bias.copy_(torch.tensor([-4.0, -1.0]))  # type: ignore[union-attr]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        maps: torch.Tensor = self.head(self.body(x))
        return maps


class FinderObjective(nn.Module):
    """Focal loss of the map, and the size's error where a face is."""

    def __init__(self, config: FinderConfig) -> None:
        super().__init__()
        self.config, self.net = config, FinderNet(config)

    def forward(self, images_B3HW: torch.Tensor, heat_Bcc: torch.Tensor, size_Bcc: torch.Tensor) -> Losses:
        maps = self.net(images_B3HW)
        likely = torch.sigmoid(maps[:, 0]).clamp(1e-4, 1 - 1e-4)
        here = heat_Bcc == 1
        found = here * (1 - likely).square() * likely.log()
        empty = ~here * (1 - heat_Bcc).pow(4) * likely.square() * (1 - likely).log()
        faces = here.sum().clamp(min=1)
        focal = -(found + empty).sum() / faces
        size = ((maps[:, 1] - size_Bcc).abs() * here).sum() / faces
        return {"loss": focal + 0.3 * size, "focal": focal, "size": size}


class FinderStage:
    """Batches of pictures put together from portraits."""

    name = "finder"

    def __init__(self, dataset: Dataset, config: FinderConfig) -> None:
        self.dataset, self.config = dataset, config
        self.objective: nn.Module = FinderObjective(config)

    def batch(self, size: int, generator: torch.Generator) -> tuple[torch.Tensor, ...]:
        rng = np.random.default_rng(int(torch.randint(2**31, (1,), generator=generator)))
        crowds = []
        for _ in range(size):
            rows = np.sort(rng.integers(0, len(self.dataset.images), _PORTRAITS))
            crowds.append(crowd(rng, self.dataset.images[rows], self.dataset.boxes[rows], self.config.side))
        images = disturb(to_tensor(np.stack([each.picture for each in crowds])), generator)
        heat, sizes = zip(*(targets(each, self.config) for each in crowds), strict=True)
        return images, torch.stack(heat), torch.stack(sizes)


def targets(made: Crowd, config: FinderConfig) -> tuple[torch.Tensor, torch.Tensor]:
    """The map (cells, cells) that is 1 in a face's cell and falls off around it, and the size's logarithm there."""
    middle = torch.arange(config.cells) + 0.5
    heat, sizes = torch.zeros(config.cells, config.cells), torch.zeros(config.cells, config.cells)
    for x, y, side in made.faces / CELL:
        column, row = (int(np.clip(at, 0, config.cells - 1)) for at in (x, y))
        spread = max(0.6, float(side) / 6)
        away = (middle[None] - middle[column]) ** 2 + (middle[:, None] - middle[row]) ** 2
        heat = torch.maximum(heat, torch.exp(-away / (2 * spread**2)))
        heat[row, column] = 1.0
        sizes[row, column] = float(np.log(side * CELL / config.side))
    return heat, sizes


def store_finder(net: FinderNet, path: Path) -> None:
    """Writes the network in half precision."""
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({name: value.detach().half().contiguous() for name, value in net.state_dict().items()}, path)
