"""The eight places people are photographed in: few, smooth, clearly coloured shapes."""

from collections.abc import Callable

from training.demo.pen import Pen, curve
from training.demo.people import Colour
from training.demo.scene import Background


def _band(pen: Pen, top: float, bottom: float, fill: Colour) -> None:
    pen.shape([(-2, top), (66, top), (66, bottom), (-2, bottom)], fill)


def _hill(pen: Pen, left: float, crest: float, right: float, fill: Colour) -> None:
    ridge = curve((-2, left), (32, 2 * crest - (left + right) / 2), (66, right))
    pen.shape([*map(tuple, ridge), (66, 66), (-2, 66)], fill)


def _beach(pen: Pen, h: float) -> None:
    _band(pen, -2, 26 + h, (150, 214, 248))
    _band(pen, 26 + h, 42 + h, (38, 150, 190))
    _band(pen, 42 + h, 66, (244, 218, 158))
    pen.oval(8, 9 + h / 2, 4.5, 4.5, (255, 244, 176))


def _forest(pen: Pen, h: float) -> None:
    _band(pen, -2, 66, (52, 104, 62))
    for x in (3 + h, 55 + h):
        _band_column(pen, x, 6, (84, 60, 40))
    for x in (1 + h, 14 - h, 50 + h, 64 - h):
        pen.oval(x, 6, 11, 10, (34, 78, 46))


def _band_column(pen: Pen, left: float, width: float, fill: Colour) -> None:
    pen.shape([(left, -2), (left + width, -2), (left + width, 66), (left, 66)], fill)


def _city(pen: Pen, h: float) -> None:
    _band(pen, -2, 66, (240, 190, 200))
    for x, top, tone in ((-2, 20, 96), (7, 10, 120), (48, 14, 120), (56, 26, 96)):
        pen.shape([(x, top + h), (x + 9, top + h), (x + 9, 66), (x, 66)], (tone, tone + 4, tone + 28))


def _mountains(pen: Pen, h: float) -> None:
    _band(pen, -2, 66, (196, 224, 244))
    for x, top in ((8, 10 + h), (56, 16 + h)):
        pen.shape([(x - 30, 62), (x, top), (x + 30, 62)], (112, 128, 152))
        pen.shape([(x - 8.5, top + 14.5), (x, top), (x + 8.5, top + 14.5)], (248, 250, 255))


def _desert(pen: Pen, h: float) -> None:
    _band(pen, -2, 66, (252, 176, 100))
    pen.oval(55, 12 + h, 5.5, 5.5, (255, 236, 150))
    _hill(pen, 34 + h, 40 + h, 30 + h, (206, 104, 56))


def _night(pen: Pen, h: float) -> None:
    _band(pen, -2, 66, (24, 28, 76))
    pen.oval(9, 10 + h, 5.5, 5.5, (246, 240, 200))
    pen.oval(11.5, 8.8 + h, 4.8, 4.8, (24, 28, 76))
    for x, y in ((55, 8), (60, 22), (5, 30)):
        pen.oval(x, y + h, 1.2, 1.2, (240, 240, 220))


def _library(pen: Pen, h: float) -> None:
    _band(pen, -2, 66, (104, 66, 40))
    for top in (-6 + h, 14 + h, 34 + h):
        for x, fill in ((0, (170, 60, 50)), (6, (206, 170, 90)), (51, (70, 110, 100)), (57.5, (170, 60, 50))):
            pen.shape([(x, top), (x + 5, top), (x + 5, top + 15), (x, top + 15)], fill)


def _meadow(pen: Pen, h: float) -> None:
    _band(pen, -2, 66, (252, 246, 196))
    _hill(pen, 24 + h, 20 + h, 28 + h, (146, 204, 84))
    for x, y in ((5, 36), (11, 47), (59, 38), (53, 49)):
        pen.oval(x, y + h, 2.0, 2.0, (236, 84, 110))


_PAINTERS: dict[Background, Callable[[Pen, float], None]] = {
    Background.BEACH: _beach,
    Background.FOREST: _forest,
    Background.CITY: _city,
    Background.MOUNTAINS: _mountains,
    Background.DESERT: _desert,
    Background.NIGHT: _night,
    Background.LIBRARY: _library,
    Background.MEADOW: _meadow,
}


def paint(pen: Pen, background: Background, horizon: float) -> None:
    """Paints the whole picture with one place; `horizon` moves its skyline up or down."""
    _PAINTERS[background](pen, horizon)
