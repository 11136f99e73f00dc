"""Twelve hair styles, each in two layers: what falls behind the head and what lies on it."""

from collections.abc import Callable

import numpy as np

from training.demo.face import outline
from training.demo.pen import Pen, curve, oval, shade
from training.demo.people import HairStyle, Identity


def _cap(who: Identity, grow: float, hairline: float) -> list[tuple[float, float]]:
    """The top of the head, `grow` units larger than the skull, ending at the hairline (y)."""
    edge = outline(who)
    edge = edge[edge[:, 1] <= 0.0]
    edge = edge[np.argsort(-edge[:, 0])]
    top = edge * ((who.face_width + grow * 0.7) / who.face_width, (who.face_height + grow) / who.face_height)
    side = who.face_width * 0.86
    brow = curve((-side, hairline + 4.0), (0.0, hairline - 4.5), (side, hairline + 4.0))
    return [*map(tuple, top), *map(tuple, brow)]


def _behind_long(pen: Pen, who: Identity, width: float, bottom: float, waves: float = 0.0) -> None:
    w = who.face_width + width
    y = np.linspace(-8.0, bottom, 14)
    bulge = waves * np.sin(np.linspace(0.0, 4 * np.pi, 14))
    right = np.stack([w + bulge, y], axis=1)
    left = np.stack([-w - bulge, y], axis=1)[::-1]
    pen.shape(np.concatenate([right, left]), shade(who.hair_colour, 0.82))
    pen.oval(0.0, -6.0, w, who.face_height * 0.78, shade(who.hair_colour, 0.82))


def draw_behind(pen: Pen, who: Identity) -> None:
    """The layer behind neck and face."""
    style, dark = who.hair, shade(who.hair_colour, 0.82)
    if style is HairStyle.AFRO:
        pen.oval(0.0, -7.0, who.face_width + 7.5, 20.0, who.hair_colour)
    elif style is HairStyle.BOB:
        _behind_long(pen, who, 3.2, 13.0)
    elif style is HairStyle.LONG:
        _behind_long(pen, who, 3.0, 36.0)
    elif style is HairStyle.WAVY:
        _behind_long(pen, who, 4.0, 34.0, waves=1.6)
    elif style is HairStyle.PIGTAILS:
        for side in (-1, 1):
            pen.oval(side * (who.face_width + 5.5), 5.0, 5.0, 10.5, dark, tilt=side * -0.15)
    elif style is HairStyle.BUN:
        pen.oval(0.0, -who.face_height - 3.4, 7.5, 6.5, dark)


def _parted(pen: Pen, who: Identity) -> None:
    pen.shape(_cap(who, 3.0, -10.0), who.hair_colour)
    w = who.face_width
    sweep = curve((w, -6.0), (w * 0.5, -9.0), (-w * 0.45, -11.5))
    pen.shape([(-w * 0.35, -who.face_height - 1), *map(tuple, sweep)], who.hair_colour)
    pen.stroke([(-w * 0.42, -who.face_height - 1.0), (-w * 0.5, -11.5)], 1.2, shade(who.hair_colour, 0.6))


def _quiff(pen: Pen, who: Identity) -> None:
    pen.shape(_cap(who, 2.0, -10.5), who.hair_colour)
    w, top = who.face_width, who.face_height
    swoop = curve((-w * 0.85, -11.0), (-w * 0.9, -top - 9.0), (w * 0.75, -top - 5.5))
    back = curve((w * 0.75, -top - 5.5), (w * 1.1, -14.0), (w * 0.85, -11.0))
    pen.shape(np.concatenate([swoop, back]), who.hair_colour)


def _spiky(pen: Pen, who: Identity) -> None:
    pen.shape(_cap(who, 1.5, -9.5), who.hair_colour)
    w, top = who.face_width, who.face_height
    for share in (-0.75, -0.38, 0.0, 0.38, 0.75):
        x, base = share * w, -top * float(np.sqrt(1.0 - share**2)) + 3.0
        pen.shape([(x - 5.0, base), (x + share * 4.0, base - 9.0), (x + 5.0, base)], who.hair_colour)


def _fringe(pen: Pen, who: Identity) -> None:
    w = who.face_width
    dome = oval(0.0, -4.0, w + 2.2, who.face_height - 1.0)
    dome = dome[dome[:, 1] <= 1.0]
    dome = dome[np.argsort(-dome[:, 0])]
    pen.shape([*map(tuple, dome), (-w + 1.2, 1.0), (-w + 1.2, -8.4), (w - 1.2, -8.4), (w - 1.2, 1.0)], who.hair_colour)


def _bangs(pen: Pen, who: Identity) -> None:
    pen.shape(_cap(who, 3.0, -8.5), who.hair_colour)


def _middle_part(pen: Pen, who: Identity) -> None:
    pen.shape(_cap(who, 2.8, -10.5), who.hair_colour)
    w, top = who.face_width, who.face_height
    for side in (-1, 1):
        lock = curve((0.0, -top - 1.0), (side * w * 0.9, -13.0), (side * (w + 0.5), 6.0))
        outer = curve((side * (w + 2.6), 6.0), (side * (w + 2.2), -14.0), (0.0, -top - 2.5))
        pen.shape(np.concatenate([lock, outer]), who.hair_colour)


def _afro(pen: Pen, who: Identity) -> None:
    pen.shape(_cap(who, 3.0, -9.0), who.hair_colour)


def _buzz(pen: Pen, who: Identity) -> None:
    pen.shape(_cap(who, 0.6, -11.0), who.hair_colour)


def _swept(pen: Pen, who: Identity) -> None:
    pen.shape(_cap(who, 2.0, -11.5), who.hair_colour)


_ON_TOP: dict[HairStyle, Callable[[Pen, Identity], None]] = {
    HairStyle.BALD: lambda pen, who: None,
    HairStyle.BUZZ: _buzz,
    HairStyle.PARTED: _parted,
    HairStyle.QUIFF: _quiff,
    HairStyle.AFRO: _afro,
    HairStyle.BOB: _fringe,
    HairStyle.LONG: _middle_part,
    HairStyle.WAVY: _bangs,
    HairStyle.BUN: _swept,
    HairStyle.PIGTAILS: _parted,
    HairStyle.SPIKY: _spiky,
    HairStyle.FRINGE: _fringe,
}


def draw_on_top(pen: Pen, who: Identity) -> None:
    """The layer that lies on the head."""
    _ON_TOP[who.hair](pen, who)
