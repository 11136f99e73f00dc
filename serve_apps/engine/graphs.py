"""A step as one CUDA graph: a single launch instead of a thousand.

A graph reads and writes the addresses it was captured with. They are the lane's and the rows' buffers, which never
move, so that what is replayed is whoever sits in them now.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from serve_apps.engine.transfer import stream_on

Step = Callable[[], tuple[Tensor, Tensor]]
Capture = Callable[[Step], Step]
WARM_RUNS = 2
"""Kernels are chosen and workspaces made in the first runs; neither may happen while a graph is captured."""


class Graphs:
    """Captures steps that are replayed one after the other, so that all share one pool of memory."""

    def __init__(self) -> None:
        self._pool: Any = None

    def capture(self, step: Step) -> Step:
        """`step` as a graph: calling the result replays it and returns the same two tensors each time, overwritten.

        Raises `RuntimeError` when something in it cannot be captured.
        """
        self._pool = self._pool or torch.cuda.graph_pool_handle()
        aside = stream_on(torch.device("cuda", torch.cuda.current_device()))
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):
            for _ in range(WARM_RUNS):
                step()
        torch.cuda.current_stream().wait_stream(aside)
        graph = torch.cuda.CUDAGraph()
        # Other threads may go on working on the device meanwhile.
        with torch.cuda.graph(graph, pool=self._pool, capture_error_mode="thread_local"):
            outputs = step()

        def replay() -> tuple[Tensor, Tensor]:
            graph.replay()
            return outputs

        return replay
