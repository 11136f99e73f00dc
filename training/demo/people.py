"""Who a synthetic person is: every trait that stays the same in all of their photos."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

import numpy as np

Colour = tuple[int, int, int]
T = TypeVar("T")


class FaceShape(StrEnum):
    OVAL = "oval"
    ROUND = "round"
    SQUARE = "square"
    HEART = "heart"


class HairStyle(StrEnum):
    BALD = "bald"
    BUZZ = "buzz cut"
    PARTED = "parted"
    QUIFF = "quiff"
    AFRO = "afro"
    BOB = "bob"
    LONG = "long"
    WAVY = "wavy"
    BUN = "bun"
    PIGTAILS = "pigtails"
    SPIKY = "spiky"
    FRINGE = "fringe"


class HairColour(StrEnum):
    BLACK = "black"
    BROWN = "brown"
    CHESTNUT = "chestnut"
    GINGER = "ginger"
    BLONDE = "blonde"
    PLATINUM = "platinum"
    GREY = "grey"
    BLUE = "blue"
    PINK = "pink"
    TEAL = "teal"
    PURPLE = "purple"
    CRIMSON = "crimson"


class EyeColour(StrEnum):
    BROWN = "brown"
    HAZEL = "hazel"
    GREEN = "green"
    BLUE = "blue"
    GREY = "grey"
    VIOLET = "violet"


class Nose(StrEnum):
    BUTTON = "button"
    LONG = "long"
    WIDE = "wide"
    POINTED = "pointed"


class Glasses(StrEnum):
    NONE = "none"
    ROUND = "round"
    SQUARE = "square"
    WINGED = "winged"


class FrameColour(StrEnum):
    BLACK = "black"
    RED = "red"
    BLUE = "blue"
    GOLD = "gold"
    WHITE = "white"


class Beard(StrEnum):
    NONE = "none"
    STUBBLE = "stubble"
    MOUSTACHE = "moustache"
    GOATEE = "goatee"
    FULL = "full"


class Lips(StrEnum):
    NATURAL = "natural"
    ROSE = "rose"
    RED = "red"
    PLUM = "plum"


class Earrings(StrEnum):
    NONE = "none"
    GOLD = "gold"
    SILVER = "silver"
    RED = "red"


class Mole(StrEnum):
    NONE = "none"
    LEFT = "left"
    RIGHT = "right"


SKIN_TONES: tuple[Colour, ...] = (
    (255, 226, 204), (250, 211, 180), (242, 196, 160), (231, 178, 138), (214, 156, 114),
    (194, 133, 92), (169, 110, 73), (142, 88, 58), (115, 69, 46), (90, 54, 38),
)  # fmt: skip

HAIR_PALETTE: dict[HairColour, Colour] = {
    HairColour.BLACK: (38, 33, 38),
    HairColour.BROWN: (92, 60, 40),
    HairColour.CHESTNUT: (140, 82, 48),
    HairColour.GINGER: (214, 108, 40),
    HairColour.BLONDE: (232, 192, 96),
    HairColour.PLATINUM: (240, 232, 208),
    HairColour.GREY: (150, 150, 156),
    HairColour.BLUE: (62, 104, 206),
    HairColour.PINK: (236, 120, 172),
    HairColour.TEAL: (40, 160, 150),
    HairColour.PURPLE: (132, 76, 184),
    HairColour.CRIMSON: (164, 32, 52),
}

_HAIR_WEIGHTS = np.array([5, 5, 4, 4, 5, 3, 3, 2, 2, 2, 2, 2], dtype=float)
_GLASSES_WEIGHTS = np.array([5, 2, 2, 1], dtype=float)
_BEARD_WEIGHTS = np.array([6, 1, 1.5, 1, 1.5], dtype=float)
_LONG_HAIR = {HairStyle.BOB, HairStyle.LONG, HairStyle.WAVY, HairStyle.BUN, HairStyle.PIGTAILS}


@dataclass(frozen=True, slots=True)
class Identity:
    """One person. Lengths are in units of 1/64 of the picture's side, colours are sRGB."""

    seed: int
    skin: Colour
    face: FaceShape
    face_width: float
    face_height: float
    hair: HairStyle
    hair_name: HairColour
    hair_colour: Colour
    eyes: EyeColour
    eye_size: float
    eye_gap: float
    eye_tilt: float
    brow_weight: float
    brow_tilt: float
    nose: Nose
    nose_size: float
    mouth_width: float
    lip_weight: float
    lips: Lips
    glasses: Glasses
    frame: FrameColour
    beard: Beard
    freckles: bool
    mole: Mole
    earrings: Earrings


def discrete_identities() -> int:
    """How many people differ in a named trait alone, before any of the continuous measures."""
    coloured_glasses = 1 + (len(Glasses) - 1) * len(FrameColour)
    kinds = (SKIN_TONES, FaceShape, HairStyle, HairColour, EyeColour, Nose, Beard, Lips, Earrings, Mole, (False, True))
    total = coloured_glasses
    for kind in kinds:
        total *= len(kind)
    return total


def _pick(rng: np.random.Generator, values: list[T], weights: np.ndarray | None = None) -> T:
    chances = None if weights is None else weights / weights.sum()
    return values[int(rng.choice(len(values), p=chances))]


def _jitter(rng: np.random.Generator, colour: Colour, amount: float) -> Colour:
    shifted = np.asarray(colour) + rng.normal(0.0, amount, 3)
    red, green, blue = np.clip(np.rint(shifted), 0, 255).astype(int)
    return int(red), int(green), int(blue)


def _beard(rng: np.random.Generator, hair: HairStyle) -> Beard:
    beard = _pick(rng, list(Beard), _BEARD_WEIGHTS)
    keeps = hair not in _LONG_HAIR or rng.random() < 0.4
    return beard if keeps else Beard.NONE


def person(seed: int) -> Identity:
    """The person of a seed: always the same one, on every machine.

    Raises ValueError for a negative seed.
    """
    if seed < 0:
        raise ValueError(f"a person's seed must not be negative, got {seed}: use a range from training.demo.seeds")
    rng = np.random.default_rng([0x9E0, seed])
    hair = _pick(rng, list(HairStyle))
    hair_name = _pick(rng, list(HairColour), _HAIR_WEIGHTS)
    return Identity(
        seed=seed,
        skin=_jitter(rng, _pick(rng, list(SKIN_TONES)), 3.0),
        face=_pick(rng, list(FaceShape)),
        face_width=float(rng.uniform(14.0, 17.0)),
        face_height=float(rng.uniform(18.0, 20.0)),
        hair=hair,
        hair_name=hair_name,
        hair_colour=_jitter(rng, HAIR_PALETTE[hair_name], 5.0),
        eyes=_pick(rng, list(EyeColour)),
        eye_size=float(rng.uniform(3.7, 4.7)),
        eye_gap=float(rng.uniform(6.7, 8.0)),
        eye_tilt=float(rng.uniform(-0.16, 0.16)),
        brow_weight=float(rng.uniform(1.4, 2.8)),
        brow_tilt=float(rng.uniform(-0.8, 0.8)),
        nose=_pick(rng, list(Nose)),
        nose_size=float(rng.uniform(0.85, 1.2)),
        mouth_width=float(rng.uniform(5.6, 7.2)),
        lip_weight=float(rng.uniform(1.4, 2.4)),
        lips=_pick(rng, list(Lips)),
        glasses=_pick(rng, list(Glasses), _GLASSES_WEIGHTS),
        frame=_pick(rng, list(FrameColour)),
        beard=_beard(rng, hair),
        freckles=bool(rng.random() < 0.25),
        mole=_pick(rng, list(Mole), np.array([4.0, 1.0, 1.0])),
        earrings=_pick(rng, list(Earrings), np.array([4.0, 1.0, 1.0, 1.0])),
    )
