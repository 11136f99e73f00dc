"""The flat vector: places do not overlap, lower ranks fill the first lines, and common layers come first."""

from __future__ import annotations

import torch
from torch import nn

from serve_apps.engine.layout import Layout, Target, find_targets
from tests.unit.serve_apps.engine.tiny import TinyBase

TARGETS = [Target("a", 3, 5), Target("b", 7, 2)]


def test_places_fill_the_vector_without_overlap() -> None:
    layout = Layout(TARGETS, rank=4)
    assert layout.length == 4 * (3 + 5 + 7 + 2)
    marks = torch.zeros(layout.length)
    for path in layout.places:
        layout.a_of(marks, path).add_(1)
        layout.b_of(marks, path).add_(1)
    assert (marks == 1).all()


def test_a_lower_rank_fills_the_first_lines_and_scales() -> None:
    layout, flat = Layout(TARGETS, rank=4), torch.zeros(4 * 17)
    a, b = torch.randn(2, 3), torch.randn(5, 2)
    layout.write(flat, {"a": (a, b, 0.5)})
    wide_a, wide_b = layout.a_of(flat, "a"), layout.b_of(flat, "a")
    assert torch.equal(wide_a[:2], a)
    assert not wide_a[2:].any()
    assert torch.allclose(wide_b.T @ wide_a, 0.5 * b @ a)


def test_convolutions_are_flattened_as_their_columns_are() -> None:
    layout, a = Layout([Target("c", 2 * 9, 4)], rank=1), torch.randn(1, 2, 3, 3)
    flat = torch.zeros(layout.length)
    layout.write(flat, {"c": (a, torch.ones(4, 1), 1.0)})
    assert torch.equal(layout.a_of(flat, "c")[0], a.flatten())


def test_rows_are_viewed_together() -> None:
    layout, rows = Layout(TARGETS, rank=2), torch.randn(6, 2 * 17)
    assert layout.a_of(rows, "b").shape == (6, 2, 7)
    assert torch.equal(layout.b_of(rows, "b")[3], layout.b_of(rows[3], "b"))


def test_the_extent_is_where_the_last_layer_ends() -> None:
    layout = Layout(TARGETS, rank=2)
    assert layout.extent_of([]) == 0
    assert layout.extent_of(["a"]) == 16
    assert layout.extent_of(["b", "a"]) == layout.length


def test_what_most_adapters_have_comes_first(base: TinyBase) -> None:
    paths = [target.path for target in find_targets(base.copy().unet)]
    attention = [path for path in paths if path.endswith(("to_q", "to_k", "to_v", "to_out.0"))]
    assert paths[: len(attention)] == attention
    assert ".ff." in paths[len(attention)]
    assert paths[-1].rpartition(".")[2].startswith("conv")


def test_layers_that_read_the_same_input_have_their_a_side_by_side() -> None:
    module = nn.ModuleDict({name: nn.Linear(3, width) for name, width in (("to_q", 4), ("to_k", 5), ("out", 6))})
    targets = find_targets(module)
    layout, rows = Layout(targets, rank=2), torch.randn(7, 2 * 24)
    together, alone = layout.groups
    assert [target.path for target in together] == ["to_q", "to_k"]
    assert [target.path for target in alone] == ["out"]
    expected = torch.cat([layout.a_of(rows, "to_q"), layout.a_of(rows, "to_k")], dim=1)
    assert torch.equal(layout.shared_a_of(rows, together), expected)
    assert layout.length == 2 * 24
    assert layout.extent_of(["to_q"]) == 2 * (3 + 3 + 4)


def test_grouped_convolutions_are_no_targets() -> None:
    module = nn.Sequential(nn.Conv2d(4, 4, 3, groups=4), nn.Conv2d(4, 4, 1), nn.Linear(4, 2), nn.ReLU())
    assert {target.path: (target.inward, target.outward) for target in find_targets(module)} == {
        "1": (4, 4),
        "2": (4, 2),
    }
