"""Draws one person in one situation: the portraits everything in the demo world is made from."""

import numpy as np
from PIL import Image

from training.demo import backgrounds, face, hair
from training.demo.pen import Frame, Pen, oval, shade
from training.demo.people import Identity
from training.demo.scene import SHIRT_PALETTE, Variation

SIZE = 64
CENTRE = (32.0, 30.5)
_CROP = (14.0, 12.0, 50.0, 52.0)


def _body(pen: Pen, who: Identity, how: Variation) -> None:
    shirt = SHIRT_PALETTE[how.shirt]
    skin = shade(who.skin, 0.84)
    pen.shape([(-6.0, 12.0), (6.0, 12.0), (6.6, 26.0), (-6.6, 26.0)], skin)
    pen.shape([(-34, 40), (-29.5, 27.0), (-9.5, 20.6), (9.5, 20.6), (29.5, 27.0), (34, 40)], shirt)
    neck = [(-7.0, 20.0), (7.0, 20.0), (0.0, 29.0)] if how.v_neck else oval(0.0, 20.2, 7.0, 4.4)
    pen.shape(neck, skin)


def _head(pen: Pen, who: Identity, how: Variation) -> None:
    face.draw_head(pen, who)
    face.draw_marks(pen, who, how.yaw)
    face.draw_beard(pen, who, how.yaw)
    face.draw_nose(pen, who, how.yaw)
    face.draw_mouth(pen, who, how.expression, how.yaw)
    face.draw_eyes(pen, who, how.expression, how.yaw)
    hair.draw_on_top(pen, who)
    face.draw_brows(pen, who, how.expression, how.yaw)
    face.draw_glasses(pen, who, how.yaw)


def _light(pixels: np.ndarray, how: Variation) -> np.ndarray:
    """Brightness, colour temperature and a soft fall-off from one side: (h, w, 3) in 0..255 as bytes."""
    side = 1.0 + how.side_light * np.linspace(-1.0, 1.0, pixels.shape[1], dtype=np.float32)[None, :, None]
    tint = np.array([1.0 + how.warmth, 1.0, 1.0 - how.warmth], dtype=np.float32)
    lit = pixels * (how.brightness * side) * tint
    lit = np.clip(np.rint(lit), 0, 255)
    return np.asarray(lit, dtype=np.uint8)


def pixels(who: Identity, how: Variation, size: int = SIZE) -> np.ndarray:
    """The portrait as bytes (size, size, 3)."""
    pen = Pen(size)
    backgrounds.paint(pen, how.background, how.horizon)
    x, y = CENTRE[0] + how.shift_x, CENTRE[1] + how.shift_y
    head = Frame(x, y, how.scale, how.roll)
    body = Frame(x, y, how.scale)
    pen.frame = head
    hair.draw_behind(pen, who)
    pen.frame = body
    _body(pen, who, how)
    pen.frame = head
    _head(pen, who, how)
    return _light(pen.picture(), how)


def render(who: Identity, how: Variation, size: int = SIZE) -> Image.Image:
    """The portrait of `who` in the situation `how`, an RGB picture of size x size pixels.

    Raises ValueError when the size is below 64: the features would no longer be told apart.
    """
    if size < SIZE:
        raise ValueError(f"portraits are drawn from {SIZE} pixels on, got {size}: render larger and shrink")
    return Image.fromarray(pixels(who, how, size))
