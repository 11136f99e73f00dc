"""Drawing in the picture's own units (64 to a side), supersampled and put on paper by Pillow."""

from dataclasses import dataclass
from math import cos, sin

import numpy as np
from PIL import Image, ImageDraw

from training.demo.people import Colour

UNITS = 64.0
SUPERSAMPLING = 4
_CIRCLE = np.stack([np.cos(np.linspace(0, 2 * np.pi, 40, False)), np.sin(np.linspace(0, 2 * np.pi, 40, False))], axis=1)

Points = np.ndarray | list[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Frame:
    """Where a drawing's own origin lies in the picture, and how it is turned and sized."""

    x: float
    y: float
    scale: float = 1.0
    roll: float = 0.0

    def place(self, points: Points) -> np.ndarray:
        """Points (n, 2) of this frame in picture units."""
        c, s = cos(self.roll) * self.scale, sin(self.roll) * self.scale
        placed: np.ndarray = np.asarray(points, dtype=float) @ np.array([[c, s], [-s, c]]) + (self.x, self.y)
        return placed


def shade(colour: Colour, factor: float) -> Colour:
    """The colour darkened (factor < 1) or lightened towards white (factor > 1)."""
    if factor <= 1.0:
        red, green, blue = (int(part * factor) for part in colour)
    else:
        red, green, blue = (int(part + (255 - part) * (factor - 1.0)) for part in colour)
    return red, green, blue


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """The colour `share` of the way from the first to the second."""
    red, green, blue = (int(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


Point = tuple[float, float]


def curve(start: Point, through: Point, end: Point, n: int = 12) -> np.ndarray:
    """n points (n, 2) of the quadratic curve from start to end, pulled towards `through`."""
    t = np.linspace(0.0, 1.0, n)[:, None]
    points: np.ndarray = (1 - t) ** 2 * np.array(start) + 2 * t * (1 - t) * np.array(through) + t**2 * np.array(end)
    return points


def oval(x: float, y: float, rx: float, ry: float, tilt: float = 0.0) -> np.ndarray:
    """The outline (40, 2) of an ellipse."""
    return Frame(x, y, roll=tilt).place(_CIRCLE * (rx, ry))


class Pen:
    """Draws filled shapes and round-ended strokes on a supersampled canvas, seen through a frame."""

    def __init__(self, size: int) -> None:
        side = size * SUPERSAMPLING
        self._size = size
        self._zoom = side / UNITS
        self._image = Image.new("RGB", (side, side))
        self._draw = ImageDraw.Draw(self._image)
        self.frame = Frame(0.0, 0.0)

    def shape(self, points: Points, fill: Colour) -> None:
        placed = self.frame.place(points) * self._zoom
        self._draw.polygon(placed.ravel().tolist(), fill=fill)

    def oval(self, x: float, y: float, rx: float, ry: float, fill: Colour, tilt: float = 0.0) -> None:
        self.shape(oval(x, y, rx, ry, tilt), fill)

    def stroke(self, points: Points, width: float, fill: Colour) -> None:
        """A line of the given width with round ends and joints."""
        placed = self.frame.place(points) * self._zoom
        thick = width * self.frame.scale * self._zoom
        self._draw.line(placed.ravel().tolist(), fill=fill, width=max(1, round(thick)), joint="curve")
        half = thick / 2
        for x, y in (placed[0], placed[-1]):
            self._draw.ellipse((x - half, y - half, x + half, y + half), fill=fill)

    def picture(self) -> np.ndarray:
        """What was drawn, antialiased: float32 (size, size, 3) in 0..255."""
        return np.asarray(self._image.reduce(SUPERSAMPLING), dtype=np.float32)
