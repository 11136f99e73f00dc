"""The contact sheet of a measurement: four photos of each person beside what was made of them."""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from benchmarks.quality.cast import Subject
from benchmarks.quality.learning import Learned

PHOTOS = 4
SCALE = 2
GAP = 8


def contact_sheet(subjects: Sequence[Subject], learned: Sequence[Learned]) -> Image.Image:
    """One line for each person: photos, a gap, pictures."""
    lines = [_line(subject.album[:PHOTOS], each.after) for subject, each in zip(subjects, learned, strict=True)]
    sheet = Image.fromarray(np.concatenate(lines))
    return sheet.resize((sheet.width * SCALE, sheet.height * SCALE), Image.Resampling.LANCZOS)


def _line(photos: np.ndarray, pictures: np.ndarray) -> np.ndarray:
    gap = np.full((photos.shape[1], GAP, 3), 255, np.uint8)
    return np.concatenate([*photos, gap, *pictures], axis=1)
