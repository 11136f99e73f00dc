"""Draw a planned graph as SVG, or as PNG for where SVG is not shown."""

from __future__ import annotations

import io
from collections.abc import Iterator
from html import escape

from PIL import Image, ImageDraw, ImageFont

from governance.lineage.layout import BOX_HEIGHT, BOX_WIDTH, Box, Plan

_FILLS = {
    "photo": "#dbeafe",
    "crop": "#dbeafe",
    "prompt": "#fef9c3",
    "caption": "#fef9c3",
    "adapter": "#ede9fe",
    "checkpoint": "#ede9fe",
    "image": "#dcfce7",
    "preview": "#dcfce7",
    "run": "#f1f5f9",
    "focus": "#fed7aa",
}
_OTHER_FILL = "#f8fafc"
_INK, _FAINT, _LINE = "#0f172a", "#475569", "#94a3b8"
_TITLE_SIZE, _DETAIL_SIZE = 14, 11
_PAD = 12
_HEAD = 7
_CURVE_POINTS = 24

Point = tuple[float, float]


def to_svg(plan: Plan) -> str:
    """The graph as one SVG document; every box has its key as tooltip."""
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{plan.width:.0f}" height="{plan.height:.0f}" '
            f'viewBox="0 0 {plan.width:.0f} {plan.height:.0f}" font-family="system-ui, sans-serif" role="img">',
            "<title>Lineage</title>",
            *(_svg_arrow(plan, cause, effect) for cause, effect in plan.arrows),
            *(_svg_box(box) for box in plan.boxes.values()),
            "</svg>",
            "",
        ]
    )


def _svg_arrow(plan: Plan, cause: str, effect: str) -> str:
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = _curve(plan, cause, effect)
    head = " ".join(f"{x:.1f},{y:.1f}" for x, y in _head(x3, y3))
    return (
        f'<path d="M{x0:.1f} {y0:.1f} C{x1:.1f} {y1:.1f} {x2:.1f} {y2:.1f} {x3:.1f} {y3:.1f}" '
        f'fill="none" stroke="{_LINE}" stroke-width="1.5"/><polygon points="{head}" fill="{_LINE}"/>'
    )


def _svg_box(box: Box) -> str:
    radius = BOX_HEIGHT / 2 if box.tone == "run" else 8
    return (
        f"<g><title>{escape(box.key)}</title>"
        f'<rect x="{box.x:.1f}" y="{box.y:.1f}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="{radius:.0f}" '
        f'fill="{_fill(box)}" stroke="{_LINE}"/>'
        f'<text x="{box.x + _PAD:.1f}" y="{box.y + 19:.1f}" font-size="{_TITLE_SIZE}" font-weight="600" '
        f'fill="{_INK}">{escape(box.title)}</text>'
        f'<text x="{box.x + _PAD:.1f}" y="{box.y + 36:.1f}" font-size="{_DETAIL_SIZE}" '
        f'fill="{_FAINT}">{escape(box.detail)}</text></g>'
    )


def to_png(plan: Plan, scale: int = 2) -> bytes:
    """The graph as a PNG file, `scale` pixels for each unit of the plan."""
    image = Image.new("RGB", (max(1, round(plan.width * scale)), max(1, round(plan.height * scale))), "white")
    draw = ImageDraw.Draw(image)
    for cause, effect in plan.arrows:
        points = _curve(plan, cause, effect)
        draw.line([_scaled(p, scale) for p in _bezier(points)], fill=_LINE, width=round(1.5 * scale), joint="curve")
        draw.polygon([_scaled(p, scale) for p in _head(*points[3])], fill=_LINE)
    for box in plan.boxes.values():
        _draw_box(draw, box, scale)
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    return file.getvalue()


def _draw_box(draw: ImageDraw.ImageDraw, box: Box, scale: int) -> None:
    corners = (*_scaled((box.x, box.y), scale), *_scaled((box.x + BOX_WIDTH, box.y + BOX_HEIGHT), scale))
    radius = BOX_HEIGHT / 2 if box.tone == "run" else 8
    draw.rounded_rectangle(corners, radius * scale, fill=_fill(box), outline=_LINE, width=scale)
    for text, down, size, ink in ((box.title, 7, _TITLE_SIZE, _INK), (box.detail, 25, _DETAIL_SIZE, _FAINT)):
        font = ImageFont.load_default(size * scale)
        draw.text(_scaled((box.x + _PAD, box.y + down), scale), text, font=font, fill=ink)


def _curve(plan: Plan, cause: str, effect: str) -> tuple[Point, Point, Point, Point]:
    start, end = plan.boxes[cause], plan.boxes[effect]
    x0, y0 = start.x + BOX_WIDTH, start.y + BOX_HEIGHT / 2
    x3, y3 = end.x, end.y + BOX_HEIGHT / 2
    bend = (x3 - x0) / 2
    return (x0, y0), (x0 + bend, y0), (x3 - bend, y3), (x3, y3)


def _bezier(points: tuple[Point, Point, Point, Point]) -> Iterator[Point]:
    for step in range(_CURVE_POINTS + 1):
        t = step / _CURVE_POINTS
        weights = ((1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t**2, t**3)
        yield (
            sum(weight * x for weight, (x, _) in zip(weights, points, strict=True)),
            sum(weight * y for weight, (_, y) in zip(weights, points, strict=True)),
        )


def _head(x: float, y: float) -> tuple[Point, Point, Point]:
    return (x, y), (x - _HEAD, y - _HEAD / 2), (x - _HEAD, y + _HEAD / 2)


def _fill(box: Box) -> str:
    return _FILLS.get(box.tone, _OTHER_FILL)


def _scaled(point: Point, scale: int) -> Point:
    return point[0] * scale, point[1] * scale
