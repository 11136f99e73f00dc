"""One contact sheet: the photos, the pictures before and after the training, and how alike the person each is."""

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont

CELL = 160
GAP = 12
LINE = 20
MARGIN = 20
BACKGROUND, INK, FAINT = (250, 250, 248), (30, 30, 34), (120, 120, 126)


@dataclass(frozen=True)
class Scored:
    """A picture and its likeness to the person, 0 to 1."""

    picture: Image.Image
    score: float


@dataclass(frozen=True)
class Compared:
    """What one prompt gave before and after the training."""

    prompt: str
    before: Scored
    after: Scored


def contact_sheet(photos: Sequence[Image.Image], compared: Sequence[Compared]) -> Image.Image:
    """Three rows: photos, before, after. RGB."""
    columns = max(len(photos), 2 * len(compared))
    width = 2 * MARGIN + columns * (CELL + GAP) - GAP
    height = 2 * MARGIN + 2 * (CELL + 3 * LINE) + 2 * GAP + 2 * LINE + 2 * CELL + 4 * LINE
    page = _Page(Image.new("RGB", (width, height), BACKGROUND))
    page.heading("The photos")
    page.row([(photo, "") for photo in photos], CELL)
    large = 2 * CELL + GAP
    page.heading("Before the training: the base model, asked for “sks person”")
    page.row([(each.before.picture, f"likeness {each.before.score:.2f}") for each in compared], CELL, large)
    page.heading("After the training: the person's own model, same prompts and seeds")
    rows = [(each.after.picture, f"likeness {each.after.score:.2f} · {each.prompt}") for each in compared]
    page.row(rows, CELL, large)
    return page.finished()


class _Page:
    """Draws from top to bottom."""

    def __init__(self, image: Image.Image) -> None:
        self.image = image
        self._draw = ImageDraw.Draw(image)
        self._font = ImageFont.load_default(14)
        self._bold = ImageFont.load_default(16)
        self._y = MARGIN

    def finished(self) -> Image.Image:
        """As high as what was drawn."""
        return self.image.crop((0, 0, self.image.width, self._y + MARGIN))

    def heading(self, text: str) -> None:
        self._draw.text((MARGIN, self._y), text, fill=INK, font=self._bold)
        self._y += LINE + 6

    def row(self, cells: Sequence[tuple[Image.Image, str]], size: int, pitch: int = CELL) -> None:
        """Pictures side by side, each with its words below, wrapped to the pitch."""
        lines = 0
        for place, (picture, words) in enumerate(cells):
            x = MARGIN + place * (pitch + GAP)
            self.image.paste(picture.convert("RGB").resize((size, size), Image.Resampling.LANCZOS), (x, self._y))
            wrapped = self._wrap(words, pitch)
            lines = max(lines, len(wrapped))
            for number, line in enumerate(wrapped):
                self._draw.text((x, self._y + size + 4 + number * LINE), line, fill=FAINT, font=self._font)
        self._y += size + lines * LINE + GAP

    def _wrap(self, words: str, width: int) -> list[str]:
        lines: list[str] = []
        for word in words.split():
            if lines and self._draw.textlength(f"{lines[-1]} {word}", font=self._font) <= width:
                lines[-1] += f" {word}"
            else:
                lines.append(word)
        return lines
