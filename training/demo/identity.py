"""The demo world's face encoder: trained on renders only, to bring one person's portraits together."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from training.demo.dataset import Dataset
from training.demo.disturb import disturb
from training.demo.loop import Losses
from training.demo.nets import NetConfig, SmallNet, load
from training.demo.people import Beard, Glasses, HairColour, HairStyle, Nose, person
from training.demo.vae import to_tensor
from training.demo.weights import ENCODER
from training.evaluation import Pixels, Vectors, centres, similarity

_TRAITS = (HairStyle, HairColour, Glasses, Beard, Nose)


@dataclass(frozen=True, slots=True)
class EncoderConfig:
    """The encoder's shape and how it learns."""

    net: NetConfig = NetConfig(outputs=128)
    pictures: int = 4
    temperature: float = 0.1
    traits: float = 0.3


class EncoderObjective(nn.Module):
    """Pulls pictures of one person together and others apart; reading traits beside it speeds the start."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.config = config
        self.net = SmallNet(config.net)
        self.readers = nn.ModuleList(nn.Linear(config.net.outputs, len(trait)) for trait in _TRAITS)

    def forward(self, images_B3HW: torch.Tensor, people_B: torch.Tensor, traits_BT: torch.Tensor) -> Losses:
        features = self.net(images_B3HW)
        vectors = F.normalize(features, dim=1)
        alike = vectors @ vectors.T / self.config.temperature
        itself = torch.eye(len(alike), dtype=torch.bool, device=alike.device)
        same = (people_B[:, None] == people_B[None, :]) & ~itself
        chances = F.log_softmax(alike.masked_fill(itself, -1e9), dim=1)
        contrast = -(chances * same).sum(dim=1).div(same.sum(dim=1)).mean()
        reading = sum(
            (F.cross_entropy(read(features), traits_BT[:, i]) for i, read in enumerate(self.readers)),
            start=torch.zeros(()),
        )
        return {"loss": contrast + self.config.traits * reading, "contrast": contrast}


def traits_of(seed: int) -> list[int]:
    """The indices of a person's named traits that the encoder also learns to read."""
    who = person(seed)
    values = (who.hair, who.hair_name, who.glasses, who.beard, who.nose)
    return [list(kind).index(value) for kind, value in zip(_TRAITS, values, strict=True)]


class EncoderStage:
    """Batches of a few pictures each of several people."""

    name = "encoder"

    def __init__(self, dataset: Dataset, config: EncoderConfig) -> None:
        self.dataset, self.config = dataset, config
        self.objective: nn.Module = EncoderObjective(config)
        self.each = int(np.sum(dataset.people == dataset.people[0]))
        self.traits = torch.tensor([traits_of(int(seed)) for seed in dataset.people[:: self.each]])

    def batch(self, size: int, generator: torch.Generator) -> tuple[torch.Tensor, ...]:
        wanted = max(2, size // self.config.pictures)
        people = torch.randperm(len(self.traits), generator=generator)[:wanted].sort().values
        owners = people.repeat_interleave(self.config.pictures)
        which = torch.cat([torch.randperm(self.each, generator=generator)[: self.config.pictures] for _ in people])
        rows = (owners * self.each + which).numpy()
        return disturb(to_tensor(self.dataset.images[rows]), generator), owners, self.traits[owners]


class DemoFaceEncoder:
    """A `FaceEncoder` for portraits of the demo world."""

    def __init__(self, net: SmallNet) -> None:
        self._net = net.eval()

    @torch.no_grad()
    def embed(self, pictures: Pixels) -> Vectors:
        """Unit vectors (n, d) of RGB pictures (n, height, width, 3)."""
        side = self._net.config.side
        parts = []
        for start in range(0, len(pictures), 256):
            images = to_tensor(pictures[start : start + 256])
            if images.shape[-1] != side:
                images = F.interpolate(images, (side, side), mode="bilinear", antialias=True)
            parts.append(F.normalize(self._net(images), dim=1))
        found: Vectors = torch.cat(parts).numpy()
        return found


def face_encoder(path: Path = ENCODER) -> DemoFaceEncoder:
    """The shipped encoder."""
    return DemoFaceEncoder(load(path, EncoderConfig().net))


def likeness(pictures: Pixels, photos: Pixels, encoder: DemoFaceEncoder | None = None) -> Sequence[float]:
    """How much each picture (n, h, w, 3) resembles the person in the photos (m, h, w, 3): 0 not at all, 1 the same."""
    judge = encoder or face_encoder()
    known = centres(judge.embed(photos), 1)
    return [float(np.clip(value, 0.0, 1.0)) for value in similarity(judge.embed(pictures), known)[:, 0]]
