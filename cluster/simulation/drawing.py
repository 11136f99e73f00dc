"""Pictures of simulated days, SVG: devices over the hours with waits and utilisation; waits over the load."""

import math
from collections.abc import Callable, Mapping, Sequence
from html import escape

from cluster.simulation.day import Day, Reading
from cluster.simulation.model import DAY_S
from cluster.simulation.sweep import Compared

_WIDTH, _HIGH, _LEFT = 860, 220, 60
_COLOURS = {"paid for": "#b8b8c8", "serving": "#3b7dd8", "training": "#e08a3c"}
# Seconds of waiting between the lower and the upper edge; what is less is drawn on the edge.
_LEAST_S, _MOST_S = 1.0, 10_000.0
_WAITS: Mapping[str, tuple[str, Callable[[Compared], float]]] = {
    "pictures, shared": ("#3b7dd8", lambda both: both.ours.picture_p99_s),
    "pictures, FIFO": ("#a8c8f0", lambda both: both.fifo.picture_p99_s),
    "trainings, shared": ("#e08a3c", lambda both: both.ours.training_p99_s),
    "trainings, FIFO": ("#f4cfa8", lambda both: both.fifo.training_p99_s),
}


def draw(days: Mapping[str, Day]) -> str:
    """One chart for each way of sharing, one under the other."""
    parts = [_chart(name, day, number * (_HIGH + 60)) for number, (name, day) in enumerate(days.items())]
    size = f'width="{_WIDTH + _LEFT + 20}" height="{len(days) * (_HIGH + 60)}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="12">'
    return f"{head}{''.join(parts)}</svg>"


def _chart(name: str, day: Day, top: int) -> str:
    most = max(reading.paid for reading in day.readings) or 1
    lines = {
        "paid for": [reading.paid for reading in day.readings],
        "serving": [reading.serving for reading in day.readings],
        "training": [reading.training for reading in day.readings],
    }
    said = (
        f"{name}: utilisation {day.utilisation:.0%}, p99 wait {day.picture_p99_s:.0f} s for pictures and "
        f"{day.training_p99_s:.0f} s for trainings, {day.paid_s / 3600:,.0f} device hours"
    )
    drawn = [f'<text x="{_LEFT}" y="{top + 18}">{escape(said)}</text>']
    drawn += [_line(values, day.readings, most, top + 30, _COLOURS[kind]) for kind, values in lines.items()]
    drawn += [
        f'<text x="{_LEFT + 8 + 90 * number}" y="{top + 44}" fill="{colour}">{kind}</text>'
        for number, (kind, colour) in enumerate(_COLOURS.items())
    ]
    drawn += [f'<text x="8" y="{top + 40}">{most}</text>', f'<text x="8" y="{top + 30 + _HIGH}">0</text>']
    return "".join(drawn)


def _line(values: Sequence[int], readings: Sequence[Reading], most: int, top: int, colour: str) -> str:
    points = " ".join(
        f"{_LEFT + reading.at / DAY_S * _WIDTH:.1f},{top + _HIGH * (1 - value / most):.1f}"
        for reading, value in zip(readings, values, strict=True)
    )
    return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"/>'


def draw_waits(by_load: Mapping[float, Compared]) -> str:
    """The 99th percentile of waits over the load, seconds on a logarithmic scale."""
    places = {load: _LEFT + _WIDTH * n / max(1, len(by_load) - 1) for n, load in enumerate(by_load)}
    size = f'width="{_WIDTH + _LEFT + 20}" height="{_HIGH + 70}"'
    parts = [f'<text x="{_LEFT}" y="18">p99 wait in seconds over the load; 1 is the day that is measured</text>']
    for number, (name, (colour, wait)) in enumerate(_WAITS.items()):
        points = " ".join(f"{x:.1f},{_height(wait(by_load[load])):.1f}" for load, x in places.items())
        parts += [
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>',
            f'<text x="{_LEFT + 8 + 150 * number}" y="44" fill="{colour}">{name}</text>',
        ]
    parts += [f'<text x="8" y="{_height(seconds):.1f}">{seconds:,}</text>' for seconds in (1, 10, 100, 1000, 10_000)]
    parts += [f'<text x="{x - 10:.1f}" y="{_HIGH + 50}">{load}</text>' for load, x in places.items()]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="12">'
    return f"{head}{''.join(parts)}</svg>"


def _height(seconds: float) -> float:
    bounded = min(_MOST_S, max(_LEAST_S, seconds))
    return 30 + _HIGH * (1 - math.log(bounded / _LEAST_S) / math.log(_MOST_S / _LEAST_S))
