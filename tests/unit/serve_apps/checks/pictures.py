"""Pictures to check, drawn from seeds: no person's."""

import io

import numpy as np
from PIL import Image

from training.demo.photos import photos
from training.demo.seeds import VALIDATION


def portraits(number: int, count: int = 1) -> list[Image.Image]:
    """Portraits of one synthetic person."""
    return [photo.image for photo in photos(VALIDATION.seed(number), count)]


def pixels(image: Image.Image) -> np.ndarray:
    return np.array(image.convert("RGB"))


def file(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()
