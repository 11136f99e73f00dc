"""Each sampler's vectorised step against the diffusers scheduler it equals, alone and among other samplers."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
import torch
from torch import Tensor

from serve_apps.engine.errors import InvalidRequest
from serve_apps.engine.model import Sampler
from serve_apps.engine.samplers import Coefficient, SamplerBook, SamplerPlan, advance, scheduler_for

SD15 = {
    "num_train_timesteps": 1000,
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "clip_sample": False,
    "set_alpha_to_one": False,
    "steps_offset": 1,
    "timestep_spacing": "leading",
    "prediction_type": "epsilon",
}
DEMO = {
    "num_train_timesteps": 1000,
    "beta_schedule": "squaredcos_cap_v2",
    "clip_sample": False,
    "set_alpha_to_one": True,
    "timestep_spacing": "trailing",
    "prediction_type": "v_prediction",
}
SHAPE = (1, 4, 8, 8)


def model(x: Tensor, t: float) -> Tensor:
    """Stands for the UNet: smooth, bounded, depends on both arguments."""
    return torch.tanh(x.roll(1, -1) * 0.7 + 0.1 * x + t / 1000.0)


def by_diffusers(config: dict[str, Any], sampler: Sampler, steps: int, seed: int) -> list[Tensor]:
    scheduler = scheduler_for(sampler, config)
    scheduler.set_timesteps(steps)
    if sampler is not Sampler.DDIM:
        # Karras levels of a cosine schedule repeat the first timestep; diffusers then starts one too late and fails.
        scheduler.set_begin_index(0)
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(SHAPE, generator=generator) * scheduler.init_noise_sigma
    seen = []
    for t in scheduler.timesteps:
        out = model(scheduler.scale_model_input(x, t), float(t))
        extra = {"generator": generator} if sampler is not Sampler.DPMPP_2M else {}
        x = scheduler.step(out, t, x, **extra).prev_sample
        seen.append(x)
    return seen


class Row:
    """One row driven by its plan, so that rows can be stepped together though they started apart."""

    def __init__(self, plan: SamplerPlan, seed: int) -> None:
        self.plan, self.position = plan, 0
        self.generator = torch.Generator().manual_seed(seed)
        self.x = torch.randn(SHAPE, generator=self.generator) * plan.initial_scale
        self.p = torch.zeros(SHAPE)

    def noise(self) -> Tensor:
        return torch.randn(SHAPE, generator=self.generator) if self.plan.draws_noise else torch.zeros(SHAPE)


def step_together(rows: list[Row]) -> None:
    coefficients_kn = torch.stack([row.plan.coefficients_tk[row.position] for row in rows], dim=1)
    inputs = [row.x * row.plan.coefficients_tk[row.position, Coefficient.INPUT] for row in rows]
    out = torch.cat([model(x, float(row.plan.timesteps_t[row.position])) for x, row in zip(inputs, rows, strict=True)])
    x, x0 = advance(
        torch.cat([row.x for row in rows]),
        out,
        torch.cat([row.p for row in rows]),
        torch.cat([row.noise() for row in rows]),
        coefficients_kn,
    )
    for i, row in enumerate(rows):
        row.x, row.p, row.position = x[i : i + 1], x0[i : i + 1], row.position + 1


def relative(a: Tensor, b: Tensor) -> float:
    """The largest difference against the size of the noise at hand (latents in sigma space start in the hundreds)."""
    return float((a - b).abs().max() / max(1.0, float(b.abs().max())))


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction"])
@pytest.mark.parametrize("spacing", ["leading", "trailing", "linspace"])
@pytest.mark.parametrize("steps", [1, 2, 7, 20, 30])
@pytest.mark.parametrize("sampler", list(Sampler))
def test_every_step_equals_diffusers(sampler: Sampler, steps: int, spacing: str, prediction: str) -> None:
    config = {**SD15, "timestep_spacing": spacing, "prediction_type": prediction}
    row = Row(SamplerBook(config).plan(sampler, steps), seed=steps)
    for expected in by_diffusers(config, sampler, steps, seed=steps):
        step_together([row])
        assert relative(row.x, expected) < 1e-5
    assert row.position == row.plan.steps


@pytest.mark.parametrize("change", [{"steps_offset": 0}, {"clip_sample": True}, {"set_alpha_to_one": True}])
@pytest.mark.parametrize("sampler", list(Sampler))
def test_scheduler_options_are_honoured(sampler: Sampler, change: dict[str, Any]) -> None:
    config = {**SD15, **change}
    row = Row(SamplerBook(config).plan(sampler, 9), seed=3)
    for expected in by_diffusers(config, sampler, 9, seed=3):
        step_together([row])
        assert relative(row.x, expected) < 1e-5


@pytest.mark.parametrize("sampler", list(Sampler))
def test_the_cosine_v_prediction_schedule_of_the_demo_base(sampler: Sampler) -> None:
    row = Row(SamplerBook(DEMO).plan(sampler, 25), seed=8)
    for expected in by_diffusers(DEMO, sampler, 25, seed=8):
        step_together([row])
        assert relative(row.x, expected) < 1e-5


def test_zero_terminal_snr_is_taken_from_the_scheduler() -> None:
    config = {**DEMO, "beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012}
    config["rescale_betas_zero_snr"] = True
    row = Row(SamplerBook(config).plan(Sampler.DDIM, 12), seed=1)
    for expected in by_diffusers(config, Sampler.DDIM, 12, seed=1):
        step_together([row])
        assert relative(row.x, expected) < 1e-5


def test_rows_of_all_samplers_that_joined_at_different_steps_do_not_disturb_each_other() -> None:
    book = SamplerBook(SD15)
    lengths = {sampler: 6 + 3 * i for i, sampler in enumerate(Sampler)}
    waiting = [(i * 2, Row(book.plan(sampler, n), seed=n)) for i, (sampler, n) in enumerate(lengths.items())]
    finished: list[Row] = []
    running: list[Row] = []
    for now in range(40):
        running += [row for at, row in waiting if at == now]
        if running:
            step_together(running)
        finished += [row for row in running if row.position == row.plan.steps]
        running = [row for row in running if row.position < row.plan.steps]
    assert len(finished) == len(lengths)
    for _, row in waiting:
        sampler = next(s for s, n in lengths.items() if n == row.plan.steps)
        assert relative(row.x, by_diffusers(SD15, sampler, row.plan.steps, seed=row.plan.steps)[-1]) < 1e-5


def test_a_wrong_position_is_not_equal() -> None:
    row = Row(SamplerBook(SD15).plan(Sampler.DDIM, 9), seed=3)
    row.position = 1
    step_together([row])
    assert relative(row.x, by_diffusers(SD15, Sampler.DDIM, 9, seed=3)[0]) > 1e-3


def test_plans_are_worked_out_once() -> None:
    book = SamplerBook(SD15)
    assert book.plan(Sampler.EULER, 20) is book.plan(Sampler.EULER, 20)
    assert dataclasses.is_dataclass(book.plan(Sampler.EULER, 20))


@pytest.mark.parametrize("steps", [0, -1, 1000])
def test_impossible_step_counts_are_refused(steps: int) -> None:
    with pytest.raises(InvalidRequest, match="steps must be from 1 to 999"):
        SamplerBook(SD15).plan(Sampler.DDIM, steps)


def test_a_prediction_type_nobody_serves_is_named() -> None:
    with pytest.raises(InvalidRequest, match="prediction_type='sample'"):
        SamplerBook({**SD15, "prediction_type": "sample"}).plan(Sampler.DDIM, 5)
