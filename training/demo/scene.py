"""What differs between two photos of one person: where, in which clothes, how they look into the camera."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from training.demo.people import Colour


class Background(StrEnum):
    BEACH = "on a beach"
    FOREST = "in a forest"
    CITY = "in a city"
    MOUNTAINS = "in the mountains"
    DESERT = "in a desert"
    NIGHT = "under the night sky"
    LIBRARY = "in a library"
    MEADOW = "in a meadow"


class Shirt(StrEnum):
    RED = "red"
    BLUE = "blue"
    GREEN = "green"
    YELLOW = "yellow"
    BLACK = "black"
    WHITE = "white"
    PURPLE = "purple"
    ORANGE = "orange"


class Expression(StrEnum):
    NEUTRAL = "looking calm"
    SMILING = "smiling"
    SURPRISED = "looking surprised"
    ANGRY = "looking angry"


SHIRT_PALETTE: dict[Shirt, Colour] = {
    Shirt.RED: (208, 40, 44),
    Shirt.BLUE: (44, 92, 208),
    Shirt.GREEN: (44, 150, 70),
    Shirt.YELLOW: (244, 208, 52),
    Shirt.BLACK: (36, 36, 42),
    Shirt.WHITE: (242, 242, 244),
    Shirt.PURPLE: (130, 60, 170),
    Shirt.ORANGE: (242, 128, 32),
}


@dataclass(frozen=True, slots=True)
class Variation:
    """One photo's circumstances. Shifts in 1/64 of the picture's side, roll in radians, light as factors near 1."""

    background: Background
    shirt: Shirt
    expression: Expression
    shift_x: float = 0.0
    shift_y: float = 0.0
    scale: float = 1.0
    roll: float = 0.0
    yaw: float = 0.0
    brightness: float = 1.0
    warmth: float = 0.0
    side_light: float = 0.0
    horizon: float = 0.0
    v_neck: bool = False


def variation(
    rng: np.random.Generator,
    background: Background | None = None,
    shirt: Shirt | None = None,
    expression: Expression | None = None,
) -> Variation:
    """A random photo situation; what is named is kept."""
    return Variation(
        background=background or list(Background)[rng.integers(len(Background))],
        shirt=shirt or list(Shirt)[rng.integers(len(Shirt))],
        expression=expression or list(Expression)[rng.integers(len(Expression))],
        shift_x=float(rng.uniform(-1.2, 1.2)),
        shift_y=float(rng.uniform(-0.9, 0.9)),
        scale=float(rng.uniform(0.96, 1.04)),
        roll=float(rng.uniform(-0.06, 0.06)),
        yaw=float(rng.uniform(-1.2, 1.2)),
        brightness=float(rng.uniform(0.94, 1.05)),
        warmth=float(rng.uniform(-0.03, 0.03)),
        side_light=float(rng.uniform(-0.08, 0.08)),
        horizon=float(rng.uniform(-1.5, 1.5)),
        v_neck=bool(rng.random() < 0.5),
    )
