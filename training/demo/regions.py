"""Where the face and the mouth of a portrait are, and how much an error there counts."""

from dataclasses import dataclass

import torch

# Boxes in 1/64 of the picture's side, relative to the face's centre: left, top, right, bottom.
_CENTRE = (32.0, 30.5)
_FACE = (-17.0, -14.0, 17.0, 20.0)
_EYES = (-14.0, -11.0, 14.0, 6.0)
_MOUTH = (-9.0, 6.0, 9.0, 19.0)


@dataclass(frozen=True, slots=True)
class RegionWeights:
    """The weight of an error by where it is."""

    background: float = 0.6
    face: float = 1.3
    eyes: float = 1.8
    mouth: float = 2.5


def _inside(boxes: torch.Tensor, size: int, box: tuple[float, float, float, float]) -> torch.Tensor:
    scale = boxes[:, 2]
    middle = (torch.arange(size, device=boxes.device) + 0.5) * (64.0 / size)
    x, y = boxes[:, 0] + _CENTRE[0], boxes[:, 1] + _CENTRE[1]
    across = (middle >= (x + scale * box[0])[:, None]) & (middle <= (x + scale * box[2])[:, None])
    down = (middle >= (y + scale * box[1])[:, None]) & (middle <= (y + scale * box[3])[:, None])
    return down[:, :, None] & across[:, None, :]


def weight_map(boxes: torch.Tensor, size: int, weights: RegionWeights) -> torch.Tensor:
    """Weights (B, size, size) for pictures or latents of that side; boxes (B, 3) as in `Dataset.boxes`."""
    result = torch.full((len(boxes), size, size), weights.background, device=boxes.device)
    for box, weight in ((_FACE, weights.face), (_EYES, weights.eyes), (_MOUTH, weights.mouth)):
        result[_inside(boxes, size, box)] = weight
    return result
