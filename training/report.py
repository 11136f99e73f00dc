"""The training report: one self-contained page with the loss curve, the previews and the identity score."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from io import BytesIO

from PIL import Image

from training.album import Pixels

_WIDTH, _HEIGHT, _MARGIN = 640, 220, 36
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:2rem auto;color:#1c2430}"
    "img{width:9rem;image-rendering:auto;border-radius:.4rem;margin:.2rem}"
    "table{border-collapse:collapse}td{padding:.1rem .8rem .1rem 0}"
    ".low{color:#a3261b}.good{color:#1d6b3a}"
)


@dataclass(frozen=True, slots=True)
class ReportFacts:
    """What a report says. `loss`: (step, loss) points; `score` None when nothing could score it; `facts`: rows of
    the table; `previews`: uint8 [n, height, width, 3]."""

    loss: Sequence[tuple[int, float]]
    score: float | None
    enough: float
    facts: Sequence[tuple[str, str]]
    previews: Pixels


def png(pixels: Pixels) -> bytes:
    """One picture, uint8 [height, width, 3], as PNG without any metadata."""
    file = BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def verdict(score: float | None, enough: float) -> tuple[str, str]:
    """A class and a sentence about the score."""
    if score is None:
        return "", "The likeness was not measured."
    if score < enough:
        return "low", f"The likeness is {score:.2f}, below the {enough:.2f} that is asked for: the model is not kept."
    return "good", f"The likeness is {score:.2f}."


def curve(points: Sequence[tuple[int, float]]) -> str:
    """The loss over the steps as an SVG drawing."""
    if len(points) < 2:
        return "<p>Too few steps for a curve.</p>"
    steps, losses = [step for step, _ in points], [loss for _, loss in points]
    low, high = min(losses), max(losses)
    wide, tall = _WIDTH - 2 * _MARGIN, _HEIGHT - 2 * _MARGIN
    span, rise = max(1, steps[-1] - steps[0]), (high - low) or 1.0

    def spot(step: int, loss: float) -> str:
        return f"{_MARGIN + wide * (step - steps[0]) / span:.1f},{_MARGIN + tall * (1 - (loss - low) / rise):.1f}"

    smooth = _smoothed(losses)
    raw_line = " ".join(spot(step, loss) for step, loss in points)
    line = " ".join(spot(step, loss) for step, loss in zip(steps, smooth, strict=True))
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="loss over steps">'
        f'<polyline points="{raw_line}" fill="none" stroke="#c5cfdb"/>'
        f'<polyline points="{line}" fill="none" stroke="#1f5fa8" stroke-width="2"/>'
        f'<text x="4" y="{_MARGIN}" font-size="12">{high:.3f}</text>'
        f'<text x="4" y="{_HEIGHT - _MARGIN}" font-size="12">{low:.3f}</text>'
        f'<text x="{_WIDTH - _MARGIN - 60}" y="{_HEIGHT - 8}" font-size="12">step {steps[-1]}</text></svg>'
    )


def _smoothed(losses: Sequence[float]) -> list[float]:
    smooth, last = [], losses[0]
    for loss in losses:
        last += 0.15 * (loss - last)
        smooth.append(last)
    return smooth


def render(facts: ReportFacts) -> bytes:
    """The page as UTF-8 HTML; nothing in it is loaded from elsewhere."""
    kind, sentence = verdict(facts.score, facts.enough)
    rows = "".join(f"<tr><td>{escape(name)}</td><td>{escape(value)}</td></tr>" for name, value in facts.facts)
    pictures = "".join(
        f'<img alt="preview {number + 1}" src="data:image/png;base64,{base64.b64encode(png(one)).decode()}">'
        for number, one in enumerate(facts.previews)
    )
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Training report</title>'
        f"<style>{_STYLE}</style><h1>Training report</h1>"
        f'<p class="{kind}">{sentence}</p><table>{rows}</table>'
        f"<h2>Loss</h2>{curve(facts.loss)}<h2>Previews</h2><p>{pictures}</p></html>"
    ).encode()
