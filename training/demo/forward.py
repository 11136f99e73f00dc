"""The small networks' forward pass in numpy: for processes that read a few pictures and have no need of torch, which
alone would cost each of them some hundred megabytes.

Shapes: B pictures, H and W pixels, C channels, always in the order BHWC.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from safetensors.numpy import load_file

Array = NDArray[np.float32]

_GROUPS = 8
_EPSILON = 1e-5


class ConvolutionBody:
    """The `body` that `nets.SmallNet` and `finder.FinderNet` share: convolutions that halve, each with residual blocks
    after it, and a last rectification."""

    def __init__(self, tensors: Mapping[str, Array]) -> None:
        self._tensors = tensors
        self._layers = sorted({int(name.split(".")[1]) for name in tensors if name.startswith("body.")})

    def __call__(self, x_BHWC: Array) -> Array:
        for layer in self._layers:
            if f"body.{layer}.weight" in self._tensors:
                x_BHWC = rectified(self._convolved(x_BHWC, f"body.{layer}", stride=2))
            else:
                x_BHWC = x_BHWC + self._added(x_BHWC, f"body.{layer}")
        return rectified(x_BHWC)

    def _added(self, x_BHWC: Array, block: str) -> Array:
        """What a residual block puts beside its shortcut."""
        weight, bias = self._tensors[f"{block}.norm.weight"], self._tensors[f"{block}.norm.bias"]
        inner = self._convolved(rectified(group_normed(x_BHWC, weight, bias)), f"{block}.first")
        return self._convolved(rectified(inner), f"{block}.second")

    def _convolved(self, x_BHWC: Array, name: str, stride: int = 1) -> Array:
        return convolved(x_BHWC, self._tensors[f"{name}.weight"], self._tensors[f"{name}.bias"], stride)


def read_tensors(path: Path) -> dict[str, Array]:
    """All tensors of a safetensors file, in single precision."""
    return {name: value.astype(np.float32) for name, value in load_file(path).items()}


def to_array(pictures: NDArray[np.uint8]) -> Array:
    """Bytes (B, H, W, 3) as floats in -1..1."""
    return pictures.astype(np.float32) / np.float32(127.5) - np.float32(1)


def rectified(x: Array) -> Array:
    return np.maximum(x, np.float32(0))


def convolved(x_BHWC: Array, weight_OCKK: Array, bias_O: Array, stride: int = 1) -> Array:
    """A convolution that pads with zeros so that with stride 1 the size stays."""
    side = weight_OCKK.shape[-1]
    edge = side // 2
    padded = np.pad(x_BHWC, ((0, 0), (edge, edge), (edge, edge), (0, 0)))
    windows = sliding_window_view(padded, (side, side), axis=(1, 2))[:, ::stride, ::stride]
    batch, height, width = windows.shape[:3]
    rows = windows.reshape(batch * height * width, -1)
    out: Array = rows @ weight_OCKK.reshape(len(weight_OCKK), -1).T + bias_O
    return out.reshape(batch, height, width, -1)


def group_normed(x_BHWC: Array, weight_C: Array, bias_C: Array) -> Array:
    """Each picture's groups of channels brought to mean 0 and variance 1, then scaled and moved."""
    batch, height, width, channels = x_BHWC.shape
    grouped = x_BHWC.reshape(batch, height, width, _GROUPS, channels // _GROUPS)
    mean = grouped.mean(axis=(1, 2, 4), keepdims=True)
    variance = grouped.var(axis=(1, 2, 4), keepdims=True)
    out: Array = ((grouped - mean) / np.sqrt(variance + np.float32(_EPSILON))).reshape(x_BHWC.shape)
    return out * weight_C + bias_C
