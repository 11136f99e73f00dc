"""A person's face: outline, ears, eyes, brows, nose, mouth, glasses and beard, around the face's centre."""

import numpy as np

from training.demo.pen import Pen, curve, mix, oval, shade
from training.demo.people import (
    Beard,
    Colour,
    Earrings,
    EyeColour,
    FaceShape,
    FrameColour,
    Glasses,
    Identity,
    Lips,
    Mole,
    Nose,
)
from training.demo.scene import Expression

EYE_Y = -1.0
MOUTH_Y = 11.0
DARK: Colour = (44, 26, 28)
WHITE: Colour = (252, 252, 252)

IRIS: dict[EyeColour, Colour] = {
    EyeColour.BROWN: (96, 56, 28),
    EyeColour.HAZEL: (160, 112, 40),
    EyeColour.GREEN: (56, 140, 72),
    EyeColour.BLUE: (52, 120, 214),
    EyeColour.GREY: (120, 134, 148),
    EyeColour.VIOLET: (136, 76, 196),
}
LIP: dict[Lips, Colour | None] = {
    Lips.NATURAL: None,
    Lips.ROSE: (222, 110, 124),
    Lips.RED: (198, 28, 48),
    Lips.PLUM: (120, 36, 84),
}
FRAME: dict[FrameColour, Colour] = {
    FrameColour.BLACK: (28, 26, 30),
    FrameColour.RED: (196, 30, 40),
    FrameColour.BLUE: (40, 84, 190),
    FrameColour.GOLD: (214, 164, 48),
    FrameColour.WHITE: (240, 240, 240),
}
JEWEL: dict[Earrings, Colour] = {
    Earrings.GOLD: (246, 196, 60),
    Earrings.SILVER: (214, 220, 230),
    Earrings.RED: (216, 30, 60),
}
_CHIN = {
    FaceShape.OVAL: (0.16, 2.1),
    FaceShape.ROUND: (0.0, 2.0),
    FaceShape.SQUARE: (0.0, 3.0),
    FaceShape.HEART: (0.34, 2.0),
}


def outline(who: Identity) -> np.ndarray:
    """The face's edge (40, 2): an ellipse above, the shape's own jaw below."""
    taper, power = _CHIN[who.face]
    t = np.linspace(0.0, 2 * np.pi, 40, endpoint=False)
    c, s = np.cos(t), np.sin(t)
    lower = np.clip(s, 0.0, 1.0)
    exponent = np.where(s > 0, 2.0 / power, 1.0)
    x = np.sign(c) * np.abs(c) ** exponent * who.face_width * (1.0 - taper * lower)
    y = np.sign(s) * np.abs(s) ** exponent * who.face_height
    return np.stack([x, y], axis=1)


def draw_head(pen: Pen, who: Identity) -> None:
    """Ears, earrings and the bare face."""
    for side in (-1, 1):
        pen.oval(side * who.face_width, 1.5, 2.6, 4.0, shade(who.skin, 0.88))
        if who.earrings is not Earrings.NONE:
            pen.oval(side * (who.face_width + 0.6), 6.4, 1.7, 1.7, JEWEL[who.earrings])
    pen.shape(outline(who), who.skin)


def draw_marks(pen: Pen, who: Identity, yaw: float) -> None:
    """Freckles and a mole."""
    if who.freckles:
        for side in (-1, 1):
            for x, y in ((6.2, 4.6), (9.4, 4.2), (7.8, 6.8)):
                pen.oval(side * x + yaw, y, 0.8, 0.8, mix(who.skin, (150, 70, 30), 0.55))
    if who.mole is not Mole.NONE:
        side = -1 if who.mole is Mole.LEFT else 1
        pen.oval(side * 9.6 + yaw, 9.6, 1.1, 1.1, shade(who.skin, 0.35))


def draw_beard(pen: Pen, who: Identity, yaw: float) -> None:
    """What grows around the mouth; the mouth is drawn on top of it."""
    hair = shade(who.hair_colour, 0.85)
    if who.beard in (Beard.STUBBLE, Beard.FULL):
        edge = outline(who)
        jaw = edge[edge[:, 1] > 2.0] * (1.0, 1.04 if who.beard is Beard.FULL else 1.0)
        upper = [(-who.face_width * 0.62, 6.5), (0.0, 6.8), (who.face_width * 0.62, 6.5)]
        pen.shape([*map(tuple, jaw), *upper], hair if who.beard is Beard.FULL else mix(who.skin, hair, 0.3))
    if who.beard is Beard.GOATEE:
        pen.oval(yaw, 16.6, 4.6, 3.8, hair)
    if who.beard in (Beard.MOUSTACHE, Beard.GOATEE):
        pen.shape([*map(tuple, curve((-7.6 + yaw, 9.0), (yaw, 3.6), (7.6 + yaw, 9.0))), (yaw, 8.4)], hair)


def _lip(who: Identity) -> Colour:
    return LIP[who.lips] or mix(who.skin, (168, 50, 50), 0.5)


def draw_mouth(pen: Pen, who: Identity, expression: Expression, yaw: float) -> None:
    """The mouth of each expression, at least ten units wide but for the round one of surprise."""
    half, y, lip = who.mouth_width, MOUTH_Y, _lip(who)
    x = yaw
    if expression is Expression.SMILING:
        wide = half + 1.4
        smile = curve((x - wide, y - 2.0), (x, y + 10.0), (x + wide, y - 2.0))
        pen.shape(smile, DARK)
        teeth = curve((x - wide + 0.6, y - 2.0), (x, y + 3.6), (x + wide - 0.6, y - 2.0))
        pen.shape(teeth, WHITE)
        pen.stroke([*map(tuple, smile), tuple(smile[0])], who.lip_weight * 0.7, lip)
    elif expression is Expression.SURPRISED:
        pen.oval(x, y + 1.2, half * 0.62 + who.lip_weight * 0.5, 5.4, lip)
        pen.oval(x, y + 1.2, half * 0.62 - who.lip_weight * 0.3, 4.2, DARK)
    elif expression is Expression.ANGRY:
        frown = curve((x - half, y + 2.8), (x, y - 4.6), (x + half, y + 2.8))
        pen.stroke(frown, who.lip_weight + 1.0, lip)
    else:
        pen.stroke([(x - half, y), (x + half, y)], who.lip_weight + 0.8, lip)
        pen.stroke([(x - half, y), (x + half, y)], 0.8, shade(lip, 0.5))


def draw_nose(pen: Pen, who: Identity, yaw: float) -> None:
    tone, size, x = shade(who.skin, 0.74), who.nose_size, yaw * 1.4
    if who.nose is Nose.BUTTON:
        pen.oval(x, 4.6, 2.1 * size, 1.7 * size, tone)
    elif who.nose is Nose.LONG:
        pen.stroke([(x, -1.0), (x - 0.4, 5.4 * size), (x + 2.2, 5.4 * size)], 1.3, tone)
    elif who.nose is Nose.WIDE:
        pen.oval(x, 4.8, 3.8 * size, 1.5 * size, tone)
    else:
        pen.shape([(x, -1.0), (x + 2.6 * size, 5.8), (x - 2.6 * size, 5.8)], tone)


def _openness(expression: Expression) -> float:
    return {Expression.SURPRISED: 1.2, Expression.SMILING: 0.74, Expression.ANGRY: 0.72}.get(expression, 0.92)


def draw_eyes(pen: Pen, who: Identity, expression: Expression, yaw: float) -> None:
    """Whites, irises and the upper lid."""
    rx, ry = who.eye_size, who.eye_size * 0.86 * _openness(expression)
    iris = IRIS[who.eyes]
    for side in (-1, 1):
        x, tilt = side * who.eye_gap + yaw, side * who.eye_tilt
        edge = oval(x, EYE_Y, rx, ry, tilt)
        pen.shape(edge, WHITE)
        pen.oval(x + yaw * 0.3, EYE_Y, min(2.5, ry), min(2.5, ry), iris)
        pen.oval(x + yaw * 0.3, EYE_Y, 1.3, min(1.3, ry), (18, 14, 16))
        pen.stroke([*edge[20:].tolist(), tuple(edge[0])], 1.2, DARK)


def draw_brows(pen: Pen, who: Identity, expression: Expression, yaw: float) -> None:
    """Brows rise in surprise and slant inwards in anger."""
    lift = {Expression.SURPRISED: -3.0, Expression.ANGRY: 0.8}.get(expression, 0.0)
    slant = who.brow_tilt + (2.6 if expression is Expression.ANGRY else 0.0)
    colour = mix(shade(who.hair_colour, 0.62), DARK, 0.25)
    for side in (-1, 1):
        x, y = side * who.eye_gap + yaw, EYE_Y - 6.4 + lift
        inner, outer = (x - side * 3.8, y + slant), (x + side * 4.4, y - slant * 0.5 + 0.6)
        pen.stroke(curve(inner, (x, y - 1.6), outer, 6), who.brow_weight, colour)


def _lens(who: Identity, x: float, side: int) -> np.ndarray:
    if who.glasses is Glasses.ROUND:
        return oval(x, EYE_Y, 6.1, 6.1)
    if who.glasses is Glasses.SQUARE:
        edge = np.array([(-6.0, -5.0), (6.0, -5.0), (6.0, 5.0), (-6.0, 5.0)])
    else:
        edge = np.array([(-5.4, -3.6), (7.4, -6.6), (5.6, 4.0), (-3.6, 5.0)]) * (side, 1.0)
    return np.asarray(edge + np.array((x, EYE_Y)))


def draw_glasses(pen: Pen, who: Identity, yaw: float) -> None:
    """Thick frames, a bridge and the temples."""
    if who.glasses is Glasses.NONE:
        return
    colour = FRAME[who.frame]
    inner = who.eye_gap - 6.0
    pen.stroke([(-inner + yaw, EYE_Y - 1.0), (inner + yaw, EYE_Y - 1.0)], 1.6, colour)
    for side in (-1, 1):
        x = side * who.eye_gap + yaw
        pen.stroke([(x + side * 6.0, EYE_Y - 1.5), (side * (who.face_width + 0.5), EYE_Y - 1.5)], 1.6, colour)
        edge = _lens(who, x, side)
        pen.stroke([*map(tuple, edge), tuple(edge[0]), tuple(edge[1])], 1.8, colour)
