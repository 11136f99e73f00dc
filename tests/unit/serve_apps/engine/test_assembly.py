"""Shapes of the buffers for a base model's pictures."""

from __future__ import annotations

import pytest

from serve_apps.engine.assembly import shape_of
from serve_apps.engine.model import Size
from tests.unit.serve_apps.engine.tiny import TinyBase, tiny_xl_base


def test_shapes_follow_the_base(base: TinyBase) -> None:
    shape = shape_of(base, Size(height=32, width=16), capacity=6)
    assert (shape.height, shape.width, shape.channels) == (16, 8, 4)
    assert (shape.tokens, shape.text_width, shape.pooled, shape.capacity) == (12, 32, None, 6)


def test_an_sdxl_layout_has_pooled_text() -> None:
    shape = shape_of(tiny_xl_base(), Size(16, 16), capacity=2)
    assert (shape.text_width, shape.pooled) == (64, 24)


@pytest.mark.parametrize("size", [Size(18, 16), Size(16, 6)])
def test_sizes_the_unet_cannot_halve_are_refused(base: TinyBase, size: Size) -> None:
    with pytest.raises(ValueError, match="multiples of 4"):
        shape_of(base, size, capacity=2)
