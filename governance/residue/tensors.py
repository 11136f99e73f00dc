"""The forms that numbers (latents, embeddings, adapter weights) take in memory and in files.

A safetensors or torch file holds a tensor's numbers as they lie in memory, so slices of those find them there too,
whatever stands before and after.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from governance.residue.patterns import Pattern, exactly, written_down
from governance.residue.windows import pick

_WRITTEN = 16


def bfloat16(values: NDArray[np.float32]) -> NDArray[np.uint16]:
    """The bits of the nearest bfloat16 (ties to even), as torch rounds."""
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
    rounded = bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))
    return (rounded >> np.uint32(16)).astype(np.uint16)


def tensor_patterns(values: NDArray[Any], count: int) -> Iterator[Pattern]:
    """Slices of a tensor's numbers as float32, float16, bfloat16 and float64, and of its own type if another."""
    flat = np.ascontiguousarray(values).reshape(-1)
    single = flat.astype(np.float32)
    with np.errstate(over="ignore"):
        forms: dict[str, NDArray[Any]] = {
            "float32": single,
            "float16": single.astype(np.float16),
            "bfloat16": bfloat16(single),
            "float64": flat.astype(np.float64),
        }
    if flat.dtype.name not in forms:
        forms[flat.dtype.name] = flat
    for form, array in forms.items():
        yield from exactly(f"tensor.{form}", pick(array.view(np.uint8), count, item=array.itemsize))
    yield from written_down("tensor.float32", pick(single.view(np.uint8), _WRITTEN, item=4))
