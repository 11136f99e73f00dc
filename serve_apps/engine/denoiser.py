"""One denoising step of a whole lane as one function of tensors, run eagerly, compiled, or captured as graphs.

Compiled code sees nothing but buffers of fixed addresses and the shapes of one batch bucket, so neither users nor
samplers nor positions that change can make it compile again; `recompiles` counts what was compiled after `warm`.

    graphed ──(a shape that was not warmed, or cannot be captured)──▶ compiled ──(the compiler fails)──▶ eager
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch._dynamo.exc import TorchDynamoException
from torch._dynamo.utils import counters

from serve_apps.engine.config import Execution
from serve_apps.engine.graphs import Capture, Graphs, Step
from serve_apps.engine.lane import LaneViews
from serve_apps.engine.samplers import Coefficient, advance

_log = logging.getLogger(__name__)
_Shape = tuple[int, int, int, int]
"""What a graph was captured for: the lane (where its latents begin), rows, samples, and the rank bucket shown."""


def predict(
    unet: Any,
    x_nchw: Tensor,
    coefficients_kn: Tensor,
    timesteps_n: Tensor,
    sample_of_row_r: Tensor,
    text_rld: Tensor,
    added: dict[str, Tensor] | None,
) -> Tensor:
    """The UNet's output for every row, `[r, c, h, w]`, of latents scaled as each row's sampler wants them."""
    scaled_nchw = x_nchw * coefficients_kn[Coefficient.INPUT, :, None, None, None]
    out_rchw: Tensor = unet(
        scaled_nchw.to(text_rld.dtype)[sample_of_row_r],
        timesteps_n[sample_of_row_r],
        encoder_hidden_states=text_rld,
        added_cond_kwargs=added,
        return_dict=False,
    )[0]
    return out_rchw


def guide(out_rchw: Tensor, views: LaneViews) -> Tensor:
    """Each sample's output, away from its negative prompt by its own guidance, `[n, c, h, w]` in single precision."""
    prompt = out_rchw[views.prompt_row_n].float()
    negative = out_rchw[views.negative_row_n].float()
    # Without guidance both are the same row, and this returns it exactly.
    return negative + views.guidance_n[:, None, None, None] * (prompt - negative)


class Denoiser:
    """Runs a lane's step; belongs to the engine's thread."""

    def __init__(
        self,
        unet: Any,
        execution: Execution,
        backend: str | Callable[..., Any] = "inductor",
        capture: Capture | None = None,
    ) -> None:
        self._unet = unet
        self._predict: Callable[..., Tensor] = predict
        if execution is not Execution.EAGER:
            # One graph for each batch bucket, size and rank bucket: more than the compiler keeps unasked.
            torch._dynamo.config.recompile_limit = max(128, torch._dynamo.config.recompile_limit)
            self._predict = torch.compile(predict, dynamic=False, fullgraph=True, backend=backend)
        self._capture = capture or Graphs().capture
        self._eager, self._graphed = execution is Execution.EAGER, execution is Execution.GRAPHED
        self._graphs: dict[_Shape, Step] = {}
        self._compiled_when_warm = 0

    def __call__(self, views: LaneViews, rank: int) -> tuple[Tensor, Tensor]:
        """`(x_next, x0)` of every sample in view, `[n, c, h, w]`, good until the next call; the layers show `rank`."""
        graph = self._graphs.get(_shape(views, rank)) if self._graphs else None
        return graph() if graph else self._step(views)

    def eagerly(self, views: LaneViews) -> tuple[Tensor, Tensor]:
        """The same without compiled code."""
        return self._finish(self._run(predict, views), views)

    def prepare(self, views: LaneViews, rank: int) -> None:
        """Compile the step for these shapes and, if asked for, capture it."""
        self._step(views)
        if not self._graphed:
            return
        try:
            self._graphs[_shape(views, rank)] = self._capture(partial(self._step, views))
        except RuntimeError as error:
            _log.warning("a step of %s rows runs without a graph: %s", len(views.text_rld), error)

    def warm(self) -> None:
        """From here on, compiling anything counts as a recompile."""
        self._compiled_when_warm = compiled_graphs()

    def _step(self, views: LaneViews) -> tuple[Tensor, Tensor]:
        try:
            out_rchw = self._run(self._predict, views)
        except TorchDynamoException as error:
            # A machine without the compiler's tools still serves, only slower.
            _log.warning("compiling failed, steps run eagerly from here on: %s", type(error).__name__)
            self._predict = predict
            out_rchw = self._run(predict, views)
        return self._finish(out_rchw, views)

    def _run(self, run: Callable[..., Tensor], views: LaneViews) -> Tensor:
        added = None
        if views.pooled_rp is not None and views.time_ids_r6 is not None:
            added = {"text_embeds": views.pooled_rp, "time_ids": views.time_ids_r6}
        return run(
            self._unet,
            views.x_nchw,
            views.coefficients_kn,
            views.timesteps_n,
            views.sample_of_row_r,
            views.text_rld,
            added,
        )

    def _finish(self, out_rchw: Tensor, views: LaneViews) -> tuple[Tensor, Tensor]:
        guided_nchw = guide(out_rchw, views)
        return advance(views.x_nchw, guided_nchw, views.previous_nchw, views.noise_nchw, views.coefficients_kn)

    @property
    def recompiles(self) -> int:
        return 0 if self._eager else compiled_graphs() - self._compiled_when_warm


def compiled_graphs() -> int:
    """How many graphs the compiler has made in this process so far."""
    return int(counters["stats"]["unique_graphs"])


def _shape(views: LaneViews, rank: int) -> _Shape:
    return views.x_nchw.data_ptr(), len(views.sample_of_row_r), len(views.guidance_n), rank
