"""One denoising step of a whole lane as one function of tensors, run eagerly, compiled, or captured as graphs.

Compiled code sees nothing but buffers of fixed addresses and the shapes of one batch bucket, so neither users nor
samplers nor positions that change can make it compile again; `recompiles` counts what was compiled after `warm`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch._dynamo.utils import counters

from serve_apps.engine.config import Execution
from serve_apps.engine.lane import LaneViews
from serve_apps.engine.samplers import Coefficient, advance

Denoise = Callable[[LaneViews], tuple[Tensor, Tensor]]
_GRAPHS: dict[str, str | int | bool | Callable[..., Any]] = {"triton.cudagraphs": True}


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

    def __init__(self, unet: Any, execution: Execution, backend: str = "inductor") -> None:
        self._unet = unet
        self._predict: Callable[..., Tensor] = predict
        if execution is not Execution.EAGER:
            # One graph for each batch bucket, size and rank bucket: more than the compiler keeps unasked.
            torch._dynamo.config.recompile_limit = max(128, torch._dynamo.config.recompile_limit)
            options = _GRAPHS if execution is Execution.GRAPHED else None
            self._predict = torch.compile(predict, dynamic=False, fullgraph=True, backend=backend, options=options)
        self._compiled_when_warm = 0

    def __call__(self, views: LaneViews) -> tuple[Tensor, Tensor]:
        """`(x_next, x0)` of every sample in view, `[n, c, h, w]`."""
        return self._step(self._predict, views)

    def eagerly(self, views: LaneViews) -> tuple[Tensor, Tensor]:
        """The same without compiled code."""
        return self._step(predict, views)

    def _step(self, run: Callable[..., Tensor], views: LaneViews) -> tuple[Tensor, Tensor]:
        added = None
        if views.pooled_rp is not None and views.time_ids_r6 is not None:
            added = {"text_embeds": views.pooled_rp, "time_ids": views.time_ids_r6}
        out_rchw = run(
            self._unet,
            views.x_nchw,
            views.coefficients_kn,
            views.timesteps_n,
            views.sample_of_row_r,
            views.text_rld,
            added,
        )
        guided_nchw = guide(out_rchw, views)
        return advance(views.x_nchw, guided_nchw, views.previous_nchw, views.noise_nchw, views.coefficients_kn)

    def warm(self) -> None:
        """From here on, compiling anything counts as a recompile."""
        self._compiled_when_warm = compiled_graphs()

    @property
    def recompiles(self) -> int:
        return compiled_graphs() - self._compiled_when_warm


def compiled_graphs() -> int:
    """How many graphs the compiler has made in this process so far."""
    return int(counters["stats"]["unique_graphs"])
