"""The forms that a decoded picture takes in memory, in arrays and in tensors.

Shapes: H rows, W columns, C = 3 colours. A plane-by-plane layout (CHW) is searched for by slices inside single
planes, which also finds the planes in any other order.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from governance.residue.patterns import Pattern, exactly, written_down
from governance.residue.tensors import bfloat16
from governance.residue.windows import Bytes, pick

Pixels = NDArray[np.uint8]
"""[H, W, 3], RGB."""

_FILTERS = {
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}
_ALL_TYPES = ("float32", "float16", "bfloat16", "float64")
_USUAL_TYPES = ("float32", "float16")


@dataclass(frozen=True, slots=True)
class Effort:
    """How many slices each form of a picture gives: more find smaller fragments, and cost time to search."""

    bytes_forms: int = 128
    float_forms: int = 48
    resized_forms: int = 8
    mirrored_forms: int = 48


def picture_patterns(image: Image.Image, sizes: tuple[int, ...], effort: Effort) -> Iterator[Pattern]:
    """Slices of every form of the picture, at its own size and scaled to squares and widths of `sizes` pixels."""
    pixels = np.asarray(image.convert("RGB"))
    yield from _integer_forms("pixels", pixels, effort.bytes_forms)
    yield from _float_forms("pixels", pixels, effort.float_forms, _ALL_TYPES)
    mirrored = pixels[:, ::-1]
    yield from _integer_forms("pixels.mirrored", mirrored, effort.mirrored_forms)
    yield from _float_forms("pixels.mirrored", mirrored, effort.mirrored_forms, _USUAL_TYPES)
    rgb = pick(_flat(pixels), effort.float_forms)
    yield from written_down("pixels.rgb", rgb)
    for name, scaled in _scaled(image.convert("RGB"), sizes):
        yield from _integer_forms(name, scaled, effort.resized_forms)
        yield from _float_forms(name, scaled, effort.resized_forms, _USUAL_TYPES)


def _flat(array: NDArray[Any]) -> Bytes:
    return np.ascontiguousarray(array).view(np.uint8).reshape(-1)


def _integer_forms(name: str, pixels: Pixels, count: int) -> Iterator[Pattern]:
    bgr = pixels[..., ::-1]
    opaque = np.full((*pixels.shape[:2], 1), 255, np.uint8)
    padded = np.zeros_like(opaque)
    forms = {
        "rgb": pixels,
        "bgr": bgr,
        "planes": pixels.transpose(2, 0, 1),
        "rgba": np.concatenate([pixels, opaque], axis=2),
        "rgb0": np.concatenate([pixels, padded], axis=2),
        "bgra": np.concatenate([bgr, opaque], axis=2),
        "grey": np.asarray(Image.fromarray(pixels).convert("L")),
    }
    for form, array in forms.items():
        yield from exactly(f"{name}.{form}", pick(_flat(array), count))


def _float_forms(name: str, pixels: Pixels, count: int, types: tuple[str, ...]) -> Iterator[Pattern]:
    for layout, array in (("rows", pixels), ("planes", pixels.transpose(2, 0, 1))):
        for spread, ranged in _ranges(array.astype(np.float32)):
            yield from _number_forms(f"{name}.{layout}.{spread}", ranged, count, types)
        if "float64" in types:
            for spread, ranged in _ranges(array.astype(np.float64)):
                yield from exactly(f"{name}.{layout}.{spread}.float64", pick(_flat(ranged), count, item=8))


def _ranges(plain: NDArray[Any]) -> Iterator[tuple[str, NDArray[Any]]]:
    """The values 0..255 as they are, in [0, 1] and in [-1, 1], computed in their own precision.

    The formulas in use for [-1, 1] differ in the last bit, so each of them is a form of its own.
    """
    yield "plain", plain
    yield "unit", plain / 255
    yield "signed", plain / 127.5 - 1
    yield "signed", plain / 255 * 2 - 1
    yield "signed", (plain / 255 - 0.5) / 0.5


def _number_forms(name: str, values: NDArray[np.float32], count: int, types: tuple[str, ...]) -> Iterator[Pattern]:
    for form in types:
        array: NDArray[Any] = bfloat16(values) if form == "bfloat16" else values.astype(form)
        yield from exactly(f"{name}.{form}", pick(_flat(array), count, item=array.itemsize))


def _scaled(image: Image.Image, sizes: tuple[int, ...]) -> Iterator[tuple[str, Pixels]]:
    short = min(image.size)
    left, top = (image.width - short) // 2, (image.height - short) // 2
    square = image.crop((left, top, left + short, top + short))
    for size in sizes:
        for name, how in _FILTERS.items():
            for kind, source, shape in (
                ("square", square, (size, size)),
                ("width", image, (size, max(1, round(image.height * size / image.width)))),
            ):
                if (kind == "square" or image.width != image.height) and shape != image.size:
                    yield f"pixels.{kind}{size}.{name}", np.asarray(source.resize(shape, how))
