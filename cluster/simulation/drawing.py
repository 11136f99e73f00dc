"""A picture of simulated days: devices over the hours, and the waits, cost and utilisation beside each other. SVG."""

from collections.abc import Mapping, Sequence
from html import escape

from cluster.simulation.day import Day, Reading
from cluster.simulation.model import DAY_S

_WIDTH, _HIGH, _LEFT = 860, 220, 60
_COLOURS = {"paid for": "#b8b8c8", "serving": "#3b7dd8", "training": "#e08a3c"}


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
