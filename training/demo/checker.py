"""Reads background, shirt and expression from a portrait; learned from renders only."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional as F

from training.demo.dataset import Dataset
from training.demo.disturb import disturb
from training.demo.loop import Losses
from training.demo.nets import NetConfig, SmallNet, load
from training.demo.scene import Background, Expression, Shirt
from training.demo.vae import to_tensor
from training.demo.weights import EXPRESSION_CHECKER, SCENE_CHECKER
from training.evaluation import Pixels

_PLACES, _SHIRTS, _MOODS = len(Background), len(Shirt), len(Expression)
_FACE = (slice(12, 52), slice(12, 52))


@dataclass(frozen=True, slots=True)
class CheckerConfig:
    """One network sees the whole picture, one the face alone."""

    scene: NetConfig = NetConfig(outputs=_PLACES + _SHIRTS, widths=(16, 32, 48))
    expression: NetConfig = NetConfig(outputs=_MOODS, widths=(24, 48, 64), side=40)


def _face(images: torch.Tensor) -> torch.Tensor:
    return images[:, :, _FACE[0], _FACE[1]]


class CheckerObjective(nn.Module):
    """Cross entropy of the three attributes."""

    def __init__(self, config: CheckerConfig) -> None:
        super().__init__()
        self.scene, self.expression = SmallNet(config.scene), SmallNet(config.expression)

    def answers(self, images_B3HW: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        scene = self.scene(images_B3HW)
        return scene[:, :_PLACES], scene[:, _PLACES:], self.expression(_face(images_B3HW))

    def forward(self, images_B3HW: torch.Tensor, labels_B3: torch.Tensor) -> Losses:
        answers = self.answers(images_B3HW)
        losses = [F.cross_entropy(answer, labels_B3[:, i]) for i, answer in enumerate(answers)]
        right = torch.stack([(a.argmax(1) == labels_B3[:, i]).float().mean() for i, a in enumerate(answers)])
        return {"loss": torch.stack(losses).sum(), "right": right.mean()}


class CheckerStage:
    """Batches of disturbed renders with what they show."""

    name = "checker"

    def __init__(self, dataset: Dataset, config: CheckerConfig) -> None:
        self.dataset = dataset
        self.objective: nn.Module = CheckerObjective(config)

    def batch(self, size: int, generator: torch.Generator) -> tuple[torch.Tensor, ...]:
        rows = torch.randint(len(self.dataset.images), (size,), generator=generator).sort().values.numpy()
        return disturb(to_tensor(self.dataset.images[rows]), generator), torch.from_numpy(self.dataset.labels[rows])


class DemoAttributeChecker:
    """An `AttributeChecker` for portraits of the demo world."""

    def __init__(self, objective: CheckerObjective) -> None:
        self._objective = objective.eval()

    @torch.no_grad()
    def read(self, pictures: Pixels) -> NDArray[np.int64]:
        """Indices (n, 3) of background, shirt and expression in 64x64 pictures (n, 64, 64, 3)."""
        parts = []
        for start in range(0, len(pictures), 256):
            answers = self._objective.answers(to_tensor(pictures[start : start + 256]))
            parts.append(torch.stack([answer.argmax(1) for answer in answers], dim=1))
        found: NDArray[np.int64] = torch.cat(parts).numpy()
        return found


def attribute_checker(scene: Path = SCENE_CHECKER, expression: Path = EXPRESSION_CHECKER) -> DemoAttributeChecker:
    """The shipped checker."""
    config = CheckerConfig()
    objective = CheckerObjective(config)
    objective.scene, objective.expression = load(scene, config.scene), load(expression, config.expression)
    return DemoAttributeChecker(objective)
