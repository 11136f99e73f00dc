"""A job's own chance: which pictures, timesteps and noise each of its steps uses, whoever else is in the pack.

Everything is drawn on the CPU from one generator in a fixed order, so the same seed gives the same training on every
device and in every pack, and a checkpoint needs the generator's state and the pictures still to come of this round.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from training.engine.data import Pictures, TrainingData
from training.engine.spec import TrainingSpec


@dataclass(slots=True, eq=False)
class Rows:
    """One job's share of a step, R rows: latents and noise RCHW, timesteps, text numbers and coefficients R.

    The job's loss is the sum of each row's squared error times its coefficient.
    """

    latents: Tensor = field(repr=False)
    noise: Tensor = field(repr=False)
    timesteps: Tensor
    texts: Tensor
    coefficients: Tensor
    gammas: Tensor
    weights: Tensor | None = field(default=None, repr=False)

    def __len__(self) -> int:
        return len(self.timesteps)

    def part(self, begin: int, end: int) -> Rows:
        """Some neighbouring rows, sharing memory."""
        return Rows(
            self.latents[begin:end],
            self.noise[begin:end],
            self.timesteps[begin:end],
            self.texts[begin:end],
            self.coefficients[begin:end],
            self.gammas[begin:end],
            None if self.weights is None else self.weights[begin:end],
        )


@dataclass(frozen=True, slots=True)
class ChanceState:
    """Where a job's chance stands."""

    generator: Tensor
    order: Tensor
    prior_order: Tensor


class Chance:
    """One job's generator and the order of its pictures."""

    def __init__(self, seed: int) -> None:
        self._generator = torch.Generator().manual_seed(seed)
        self._order = self._prior_order = torch.empty(0, dtype=torch.int64)

    @property
    def generator(self) -> torch.Generator:
        return self._generator

    @property
    def state(self) -> ChanceState:
        return ChanceState(self._generator.get_state(), self._order.clone(), self._prior_order.clone())

    @state.setter
    def state(self, state: ChanceState) -> None:
        self._generator.set_state(state.generator)
        self._order, self._prior_order = state.order.clone(), state.prior_order.clone()

    def draw(self, data: TrainingData, spec: TrainingSpec, timesteps: int) -> Rows:
        """The rows of one step: pictures, then regularisation pictures."""
        chosen, self._order = self._next(self._order, len(data.pictures), spec.batch)
        rows = self._rows(data.pictures, chosen, spec, timesteps, 1.0 / spec.batch)
        if data.prior is None:
            return rows
        chosen, self._prior_order = self._next(self._prior_order, len(data.prior), spec.batch)
        return _joined(rows, self._rows(data.prior, chosen, spec, timesteps, spec.prior_weight / spec.batch))

    def _next(self, order: Tensor, pictures: int, count: int) -> tuple[Tensor, Tensor]:
        while len(order) < count:
            order = torch.cat([order, torch.randperm(pictures, generator=self._generator)])
        return order[:count], order[count:]

    def _rows(self, pictures: Pictures, chosen: Tensor, spec: TrainingSpec, timesteps: int, coefficient: float) -> Rows:
        count = len(chosen)
        variant = torch.randint(0, pictures.variants, (count,), generator=self._generator)
        dropped = torch.rand(count, generator=self._generator) < spec.caption_dropout
        times = torch.randint(0, timesteps, (count,), generator=self._generator)
        shape = (count, *pictures.mean.shape[1:])
        spread = torch.randn(shape, generator=self._generator)
        noise = torch.randn(shape, generator=self._generator)
        device = pictures.mean.device
        place = (variant * len(pictures) + chosen).to(device)
        texts = pictures.texts.cpu()[chosen].masked_fill(dropped, 0)
        latents = pictures.mean[place] + pictures.deviation[place] * spread.to(device)
        weights = None if pictures.weights is None else pictures.weights.to(device)[place]
        coefficients, gammas = torch.full((count,), coefficient), torch.full((count,), spec.min_snr_gamma)
        return Rows(latents, noise.to(device), times, texts, coefficients, gammas, weights)


def _joined(one: Rows, two: Rows) -> Rows:
    weights = one.weights
    if weights is not None:
        other = torch.ones(len(two), *weights.shape[1:], device=weights.device) if two.weights is None else two.weights
        weights = torch.cat([weights, other])
    return Rows(
        torch.cat([one.latents, two.latents]),
        torch.cat([one.noise, two.noise]),
        torch.cat([one.timesteps, two.timesteps]),
        torch.cat([one.texts, two.texts]),
        torch.cat([one.coefficients, two.coefficients]),
        torch.cat([one.gammas, two.gammas]),
        weights,
    )
