"""Host memory to device memory without making anybody wait for the steps under way.

An ordinary copy to an accelerator first waits until everything queued there is done: the device would then stand idle
while the host prepares the next step. On a device that shares the host's memory both are plain copies.
"""

from __future__ import annotations

import torch
from torch import Tensor


def send(target: Tensor, source: Tensor) -> None:
    """Queue a copy of `source` (host memory) into `target`, in order with the steps; `source` may change at once."""
    # The allocator of pinned memory keeps the staged copy until the device has read it.
    staged = source.pin_memory() if target.is_cuda else source
    target.copy_(staged, non_blocking=True)


def bring(source: Tensor, device: torch.device) -> Tensor:
    """A copy of `source` on `device`, there when this returns, whatever else is queued. Nothing is staged on the way:
    what is personal stands nowhere but in `source` and the result."""
    if device.type != "cuda":
        return source.to(device)
    with torch.cuda.stream(stream_on(device)):
        brought = source.to(device)
    brought.record_stream(torch.cuda.current_stream(device))
    return brought


def stream_on(device: torch.device) -> torch.cuda.Stream:
    """A queue of the device beside the one that the steps are in."""
    return torch.cuda.Stream(device)  # type: ignore[no-untyped-call]  # torch leaves it untyped
