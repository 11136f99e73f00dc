"""Each row of a batch meets its own adapter: against the merged layer, row by row."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from serve_apps.engine.rowlayers import RowConv, RowLayer, RowLinear, Shrinking, wrap

ROWS, RANK = 4, 3


def adapt(layer: RowLayer, inward: int, outward: int) -> tuple[Tensor, Tensor]:
    layer.a_rki = torch.randn(ROWS + 2, RANK, inward)
    layer.b_rko = torch.randn(ROWS + 2, RANK, outward)
    return layer.a_rki, layer.b_rko


def merged(base: nn.Linear | nn.Conv2d, a: Tensor, b: Tensor) -> nn.Module:
    """The base layer with one row's adapter added to its weight."""
    layer = type(base)(*_shape(base)) if isinstance(base, nn.Linear) else _like(base)
    layer.load_state_dict(base.state_dict())
    layer.weight.data += (b.T @ a).view_as(layer.weight)
    return layer


def _shape(base: nn.Linear) -> tuple[int, int]:
    return base.in_features, base.out_features


def _like(base: nn.Conv2d) -> nn.Conv2d:
    return nn.Conv2d(base.in_channels, base.out_channels, base.kernel_size, base.stride, base.padding, base.dilation)


@pytest.mark.parametrize("shape", [(ROWS, 6), (ROWS, 5, 6), (ROWS, 2, 3, 6)])
@torch.inference_mode()
def test_linear_rows(shape: tuple[int, ...]) -> None:
    base = nn.Linear(6, 7)
    layer = RowLinear(base)
    a, b = adapt(layer, 6, 7)
    x = torch.randn(shape)
    y = layer(x)
    assert y.shape == (*shape[:-1], 7)
    for row in range(ROWS):
        assert torch.allclose(y[row], merged(base, a[row], b[row])(x[row]), atol=1e-5)


@pytest.mark.parametrize("options", [{}, {"padding": 1}, {"stride": 2, "padding": 1}, {"dilation": 2, "padding": 2}])
@pytest.mark.parametrize("kernel", [1, 3])
@torch.inference_mode()
def test_convolution_rows(kernel: int, options: dict[str, int]) -> None:
    base = nn.Conv2d(4, 5, kernel, **options)
    layer = RowConv(base)
    a, b = adapt(layer, 4 * kernel**2, 5)
    x = torch.randn(ROWS, 4, 8, 6)
    y = layer(x)
    for row in range(ROWS):
        assert torch.allclose(y[row : row + 1], merged(base, a[row], b[row])(x[row : row + 1]), atol=1e-5)


def test_without_views_it_is_the_base_layer() -> None:
    base = nn.Linear(6, 7)
    x = torch.randn(2, 5, 6)
    assert torch.equal(RowLinear(base)(x), base(x))


def test_wrapping_replaces_layers_where_they_are() -> None:
    module = nn.Module()
    module.block = nn.ModuleList([nn.Linear(3, 4), nn.Conv2d(3, 4, 3, bias=False)])
    first, second = wrap(module, "block.0"), wrap(module, "block.1")
    assert module.get_submodule("block.0") is first
    assert isinstance(second, RowConv)
    assert first.weight.shape == (4, 3)
    assert first.bias is not None
    assert second.bias is None


def sharing(members: int) -> tuple[list[RowLinear], Shrinking]:
    """Layers over one input, each with its own adapter, whose A's are one product."""
    layers, shrinking = [RowLinear(nn.Linear(6, 4 + member)) for member in range(members)], Shrinking(members)
    shrinking.a_rji = torch.cat([adapt(layer, 6, 4 + member)[0] for member, layer in enumerate(layers)], dim=1)
    for member, layer in enumerate(layers):
        layer.shrinking, layer.member = shrinking, member
    return layers, shrinking


def alone(layer: RowLinear, x: Tensor) -> Tensor:
    """The same layer with a product of its own."""
    own = RowLinear(layer.base)
    own.a_rki, own.b_rko = layer.a_rki, layer.b_rko
    return own(x)


@pytest.mark.parametrize("shape", [(ROWS, 6), (ROWS, 5, 6)])
@torch.inference_mode()
def test_layers_over_one_input_share_a_product(shape: tuple[int, ...]) -> None:
    layers, shrinking = sharing(3)
    for _ in range(2):
        x, other = torch.randn(shape), torch.randn(shape)
        for layer, given in zip(layers, (x, x, other), strict=True):
            assert torch.allclose(layer(given), alone(layer, given), atol=1e-6)
        shrinking.forget()


@torch.inference_mode()
def test_nothing_of_an_input_is_kept_after_the_last_open_layer() -> None:
    layers, shrinking = sharing(3)
    layers[1].a_rki = layers[1].b_rko = None
    shrinking.open = 2
    x = torch.randn(ROWS, 5, 6)
    first = layers[0](x)
    assert shrinking._x is x
    assert torch.equal(layers[1](x), layers[1].base(x))
    assert torch.allclose(layers[2](x), alone(layers[2], x), atol=1e-6)
    assert (shrinking._x, shrinking._parts) == (None, ())
    # A new input of the same values is not taken for the one before.
    x.add_(1)
    assert not torch.allclose(layers[0](x), first)
