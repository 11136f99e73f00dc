"""Denoising arithmetic for a batch whose rows run different samplers, lengths and positions.

Every sampler served here is linear in four things a row carries: its latents `x`, the model's output `m`, the
guess of the finished latents `x0`, and the guess one step before `p`. So one step of any of them is

    x0     = clip(X0_X * x + X0_M * m)
    x_next = NEXT_X * x + NEXT_M * m + NEXT_X0 * x0 + NEXT_PREV * p + NEXT_NOISE * noise
             + NEXT_SLOPE * ((x - x0) / SIGMA)

with numbers that depend on the sampler, the step count and the position alone. They are worked out once, in double
precision, when a step count is first seen (`SamplerBook.plan`); the batch step is then the one expression above
over a column of numbers per row (`advance`), however mixed the rows are.

The Euler samplers keep their slope as a term of its own, divided and multiplied in diffusers' order: latents that
begin at a noise level of 20,000 (the cosine schedule) cancel down to tens in one step, and every digit that is
rounded differently there would show in the picture.

The timesteps and noise levels themselves are read from diffusers' schedulers, so that every spacing, offset and
beta schedule a base model may come with is the one its authors meant.

Shape suffixes: n rows, c latent channels, h, w latent height and width, t steps, k coefficients.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
import torch
from diffusers import (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
)
from numpy.typing import NDArray
from torch import Tensor

from serve_apps.engine.errors import InvalidRequest
from serve_apps.engine.model import Sampler


class Coefficient(IntEnum):
    """The columns of a plan: what each number multiplies."""

    INPUT = 0
    X0_X = 1
    X0_M = 2
    CLIP = 3
    NEXT_X = 4
    NEXT_M = 5
    NEXT_X0 = 6
    NEXT_PREV = 7
    NEXT_NOISE = 8
    SIGMA = 9
    NEXT_SLOPE = 10


COEFFICIENTS = len(Coefficient)
_FLOAT32_MAX = float(np.finfo(np.float32).max)
_SCHEDULERS: dict[Sampler, tuple[type[Any], dict[str, object]]] = {
    Sampler.DDIM: (DDIMScheduler, {}),
    Sampler.EULER: (EulerDiscreteScheduler, {}),
    Sampler.EULER_ANCESTRAL: (EulerAncestralDiscreteScheduler, {}),
    Sampler.DPMPP_2M: (DPMSolverMultistepScheduler, {}),
    Sampler.DPMPP_2M_KARRAS: (DPMSolverMultistepScheduler, {"use_karras_sigmas": True}),
}
Table = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SamplerPlan:
    """All a row needs to know about its sampler: `timesteps_t`, `coefficients_tk`, and how its noise begins."""

    timesteps_t: Tensor
    coefficients_tk: Tensor
    initial_scale: float
    draws_noise: bool

    @property
    def steps(self) -> int:
        return int(self.timesteps_t.shape[0])


def scheduler_for(sampler: Sampler, config: dict[str, Any]) -> Any:
    """The diffusers scheduler that `sampler` equals, for a base model whose scheduler configuration is `config`."""
    kind, extra = _SCHEDULERS[sampler]
    return kind.from_config(config, **extra)


class SamplerBook:
    """The plans of one base model, each worked out once.

    `scheduler_config` is the configuration dictionary of the base model's diffusers scheduler.
    Raises `InvalidRequest` for a step count or a scheduler option that cannot be served.
    """

    def __init__(self, scheduler_config: dict[str, Any]) -> None:
        self._config = {key: value for key, value in scheduler_config.items() if not key.startswith("_")}
        self._schedulers: dict[Sampler, Any] = {}
        self._plans: dict[tuple[Sampler, int], SamplerPlan] = {}

    def plan(self, sampler: Sampler, steps: int) -> SamplerPlan:
        """The plan for `steps` denoising steps of `sampler`."""
        key = (sampler, steps)
        if key not in self._plans:
            self._plans[key] = self._work_out(sampler, steps)
        return self._plans[key]

    def _work_out(self, sampler: Sampler, steps: int) -> SamplerPlan:
        scheduler = self._scheduler(sampler)
        trained = int(scheduler.config.num_train_timesteps)
        if not 1 <= steps < trained:
            raise InvalidRequest(f"steps must be from 1 to {trained - 1}, not {steps}")
        scheduler.set_timesteps(steps)
        if sampler is Sampler.DDIM:
            table = _ddim(scheduler)
        elif sampler in (Sampler.EULER, Sampler.EULER_ANCESTRAL):
            table = _euler(scheduler, ancestral=sampler is Sampler.EULER_ANCESTRAL)
        else:
            table = _dpmpp_2m(scheduler)
        return SamplerPlan(
            timesteps_t=scheduler.timesteps.to(torch.float32).clone(),
            coefficients_tk=torch.from_numpy(table.astype(np.float32)),
            initial_scale=float(scheduler.init_noise_sigma),
            draws_noise=sampler is Sampler.EULER_ANCESTRAL,
        )

    def _scheduler(self, sampler: Sampler) -> Any:
        if sampler not in self._schedulers:
            scheduler = scheduler_for(sampler, self._config)
            _refuse_unsupported(scheduler.config)
            self._schedulers[sampler] = scheduler
        return self._schedulers[sampler]


def advance(x: Tensor, m: Tensor, p: Tensor, noise: Tensor, coefficients_kn: Tensor) -> tuple[Tensor, Tensor]:
    """One denoising step of every row: `(x_next, x0)`, each `[n, c, h, w]` like `x`, `m`, `p` and `noise`.

    `coefficients_kn` is `[k, n]`: for each row the line of its plan at its own position. Rows of samplers that look
    neither back nor at noise have zeros there, so `p` and `noise` must be finite but need not mean anything.
    """
    c = coefficients_kn[..., None, None, None]
    clip = c[Coefficient.CLIP]
    x0 = c[Coefficient.X0_X] * x + c[Coefficient.X0_M] * m
    x0 = torch.minimum(torch.maximum(x0, -clip), clip)
    x_next = c[Coefficient.NEXT_X] * x + c[Coefficient.NEXT_SLOPE] * ((x - x0) / c[Coefficient.SIGMA])
    x_next = x_next + c[Coefficient.NEXT_M] * m + c[Coefficient.NEXT_X0] * x0
    x_next = x_next + c[Coefficient.NEXT_PREV] * p + c[Coefficient.NEXT_NOISE] * noise
    return x_next, x0


def _refuse_unsupported(config: Any) -> None:
    wanted = {
        "thresholding": (False,),
        "algorithm_type": ("dpmsolver++",),
        "solver_order": (2,),
        "solver_type": ("midpoint",),
        "timestep_type": ("discrete",),
        "prediction_type": ("epsilon", "v_prediction"),
    }
    for name, allowed in wanted.items():
        value = config.get(name, allowed[0])
        if value not in allowed:
            raise InvalidRequest(f"the base model's scheduler has {name}={value!r}; served are {allowed}")


def _empty_table(steps: int) -> Table:
    table = np.zeros((steps, COEFFICIENTS), dtype=np.float64)
    table[:, Coefficient.INPUT] = 1.0
    table[:, Coefficient.CLIP] = _FLOAT32_MAX
    table[:, Coefficient.SIGMA] = 1.0
    return table


def _ddim(scheduler: Any) -> Table:
    config = scheduler.config
    signal = scheduler.alphas_cumprod.double().numpy()
    now = scheduler.timesteps.numpy()
    before = now - config.num_train_timesteps // scheduler.num_inference_steps
    a = signal[now]
    a_next = np.where(before >= 0, signal[np.maximum(before, 0)], float(scheduler.final_alpha_cumprod))
    table = _empty_table(len(now))
    if config.clip_sample:
        table[:, Coefficient.CLIP] = config.clip_sample_range
    towards = np.sqrt(1 - a_next)
    if config.prediction_type == "epsilon":
        table[:, Coefficient.X0_X] = 1 / np.sqrt(a)
        table[:, Coefficient.X0_M] = -np.sqrt(1 - a) / np.sqrt(a)
        table[:, Coefficient.NEXT_M] = towards
    else:
        table[:, Coefficient.X0_X] = np.sqrt(a)
        table[:, Coefficient.X0_M] = -np.sqrt(1 - a)
        table[:, Coefficient.NEXT_X] = towards * np.sqrt(1 - a)
        table[:, Coefficient.NEXT_M] = towards * np.sqrt(a)
    table[:, Coefficient.NEXT_X0] = np.sqrt(a_next)
    return table


def _euler(scheduler: Any, *, ancestral: bool) -> Table:
    sigmas = scheduler.sigmas.to(torch.float32)
    now, following = sigmas[:-1], sigmas[1:]
    table = _empty_table(len(now))
    table[:, Coefficient.INPUT] = 1 / (now**2 + 1) ** 0.5
    target = following
    if ancestral:
        added = (following**2 * (now**2 - following**2) / now**2) ** 0.5
        target = (following**2 - added**2) ** 0.5
        table[:, Coefficient.NEXT_NOISE] = added
    if scheduler.config.prediction_type == "epsilon":
        table[:, Coefficient.X0_X] = 1.0
        table[:, Coefficient.X0_M] = -now
    else:
        table[:, Coefficient.X0_X] = 1 / (now**2 + 1)
        table[:, Coefficient.X0_M] = -now / (now**2 + 1) ** 0.5
    table[:, Coefficient.NEXT_X] = 1.0
    table[:, Coefficient.SIGMA] = now
    table[:, Coefficient.NEXT_SLOPE] = target - now
    return table


def _dpmpp_2m(scheduler: Any) -> Table:
    config = scheduler.config
    ratios = scheduler.sigmas.double().numpy()
    signals = 1 / np.sqrt(ratios**2 + 1)
    now, following, steps = ratios[:-1], ratios[1:], len(ratios) - 1
    table = _empty_table(steps)
    if config.prediction_type == "epsilon":
        table[:, Coefficient.X0_X] = 1 / signals[:-1]
        table[:, Coefficient.X0_M] = -now
    else:
        table[:, Coefficient.X0_X] = signals[:-1]
        table[:, Coefficient.X0_M] = -now * signals[:-1]
    table[:, Coefficient.NEXT_X] = (following * signals[1:]) / (now * signals[:-1])
    pull = signals[1:] * (1 - following / now)
    bend = np.zeros(steps)
    second = np.arange(steps) >= 1
    second[-1] &= not _ends_first_order(config, steps)
    for i in np.flatnonzero(second):
        bend[i] = 0.5 * np.log(now[i] / following[i]) / np.log(ratios[i - 1] / now[i])
    table[:, Coefficient.NEXT_X0] = pull * (1 + bend)
    table[:, Coefficient.NEXT_PREV] = -pull * bend
    return table


def _ends_first_order(config: Any, steps: int) -> bool:
    short = bool(config.lower_order_final) and steps < 15
    return bool(config.euler_at_final) or short or config.final_sigmas_type == "zero"
