"""Safetensors in memory, read without a copy and written into a buffer that can be zeroed.

Personal tensors must not linger, so reading gives views of the caller's buffer, and writing makes one bytearray.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from training.engine.errors import BrokenFile

_DTYPES: Mapping[str, torch.dtype] = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}
_NAMES = {dtype: name for name, dtype in _DTYPES.items()}
_MOST_HEADER = 100_000_000


def read(data: bytes | bytearray) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Tensors and metadata of a file; tensors of a bytearray share its memory. `BrokenFile` for anything else."""
    header, begin = _header(data)
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict):
        raise BrokenFile("its metadata is no table")
    # torch warns about read-only memory: bytes are copied once, a bytearray is shared.
    buffer = data if isinstance(data, bytearray) else bytearray(data)
    return {name: _tensor(buffer, begin, name, entry) for name, entry in header.items()}, metadata


def write(tensors: Mapping[str, Tensor], metadata: Mapping[str, str] | None = None) -> bytearray:
    """A file with these tensors, in their order; padded so that every tensor is aligned."""
    header: dict[str, Any] = {"__metadata__": dict(metadata)} if metadata else {}
    offset = 0
    # Widest types first keeps each tensor aligned to its own size, as the format asks.
    ordered = sorted(tensors.items(), key=lambda item: -item[1].element_size())
    for name, tensor in ordered:
        size = tensor.numel() * tensor.element_size()
        shape = list(tensor.shape)
        header[name] = {"dtype": _NAMES[tensor.dtype], "shape": shape, "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    data = bytearray(8 + len(text) + offset)
    data[:8] = len(text).to_bytes(8, "little")
    data[8 : 8 + len(text)] = text
    for name, tensor in ordered:
        _tensor(data, 8 + len(text), name, header[name]).copy_(tensor)
    return data


def _header(data: bytes | bytearray) -> tuple[dict[str, Any], int]:
    if len(data) < 8:
        raise BrokenFile("the file is shorter than a safetensors header")
    length = int.from_bytes(data[:8], "little")
    if length > min(_MOST_HEADER, len(data) - 8):
        raise BrokenFile("the file ends before its header does; it is cut off or no safetensors file")
    try:
        header = json.loads(data[8 : 8 + length])
    except ValueError:
        raise BrokenFile("the header is no JSON; this is no safetensors file") from None
    if not isinstance(header, dict):
        raise BrokenFile("the header is no table; this is no safetensors file")
    return header, 8 + length


def _tensor(buffer: bytearray, begin: int, name: str, entry: Any) -> Tensor:
    try:
        dtype, shape, (first, last) = _DTYPES[entry["dtype"]], entry["shape"], entry["data_offsets"]
        count = int(torch.Size(shape).numel())
    except (KeyError, TypeError, ValueError, RuntimeError):
        raise BrokenFile(f"the entry of {name!r} cannot be read") from None
    itemsize = torch.empty(0, dtype=dtype).element_size()
    if not 0 <= first <= last <= len(buffer) - begin or last - first != count * itemsize or min(shape, default=0) < 0:
        raise BrokenFile(f"the bytes of {name!r} do not fit its shape")
    if not count:
        return torch.empty(shape, dtype=dtype)
    if (begin + first) % itemsize:
        return torch.frombuffer(buffer[begin + first : begin + last], dtype=dtype).view(shape)
    return torch.frombuffer(buffer, dtype=dtype, count=count, offset=begin + first).view(shape)
