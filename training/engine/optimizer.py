"""AdamW over the stack: one fused pass over each slot's numbers, with the slot's own rate, step count and state.

The stack keeps scale·B, while the settings speak of B: its gradient is multiplied by the scale before it is measured
and clipped, and its rate by the scale after, which is exactly AdamW on A and B.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.optim.adamw import adamw

from training.engine.layout import Stretch
from training.engine.names import Component
from training.engine.spec import TrainingSpec
from training.engine.stack import AdapterStack


@dataclass(frozen=True, slots=True)
class Portion:
    """A stretch of a slot's row that is updated alike: its rate as a share of the job's, and the scale in it."""

    stretch: Stretch
    rate: float
    scale: float


def portions_of(stack: AdapterStack, spec: TrainingSpec) -> list[Portion]:
    """What a job with these settings trains; neighbours with equal rates are one portion."""
    portions: list[Portion] = []
    for component, (a, b) in stack.layout.matrices.items():
        if component != Component.UNET and not spec.text_encoder:
            continue
        rate = (
            1.0
            if component == Component.UNET or not spec.text_learning_rate
            else (spec.text_learning_rate / spec.learning_rate)
        )
        for stretch, scale in ((a, 1.0), (b, spec.scale)):
            last = portions[-1] if portions else None
            if last and (last.rate, last.scale, last.stretch.end) == (rate, scale, stretch.begin):
                portions[-1] = Portion(Stretch(last.stretch.begin, stretch.end), rate, scale)
            else:
                portions.append(Portion(stretch, rate, scale))
    return portions


class StackedAdamW:
    """First and second moments [slots + 1, size] beside the stack's numbers."""

    def __init__(self, stack: AdapterStack) -> None:
        self._stack = stack
        self.gradients = stack.collect_gradients()
        self.means = torch.zeros_like(self.gradients)
        self.squares = torch.zeros_like(self.gradients)

    def prepare(self, slot: int, portions: Sequence[Portion]) -> None:
        """Turn the gradients of scale·B into those of B."""
        for portion in portions:
            if portion.scale != 1.0:
                portion.stretch.of(self.gradients[slot]).mul_(portion.scale)

    def norms(self, slots: Sequence[int]) -> Tensor:
        """Length of each slot's gradient."""
        return torch.stack([torch.linalg.vector_norm(self.gradients[slot]) for slot in slots])

    def clip(self, slot: int, norm: float, most: float) -> None:
        """Shorten a slot's gradient of length `norm` to `most`; 0 leaves it."""
        if most and norm > most:
            self.gradients[slot].mul_(most / (norm + 1e-6))

    @torch.no_grad()
    def update(self, slot: int, step: int, spec: TrainingSpec, portions: Sequence[Portion]) -> None:
        """One update of one slot, the `step`-th counted from 0; its gradients are zero afterwards."""
        rate = spec.learning_rate * spec.rate(step)
        for portion in portions:
            count = torch.tensor(float(step), device=self.gradients.device)
            rows = (self._stack.rows, self.gradients, self.means, self.squares)
            numbers, gradient, mean, square = (portion.stretch.of(stacked[slot]) for stacked in rows)
            adamw(
                [numbers],
                [gradient],
                [mean],
                [square],
                [],
                [count],
                fused=True,
                amsgrad=False,
                beta1=spec.betas[0],
                beta2=spec.betas[1],
                lr=rate * portion.rate * portion.scale,
                weight_decay=spec.weight_decay / portion.scale,
                eps=spec.epsilon,
                maximize=False,
            )
        self.gradients[slot].zero_()
        self._stack.changed(slot)

    def clear(self, slot: int) -> None:
        """Zero a slot's gradient and moments."""
        for stacked in (self.gradients, self.means, self.squares):
            stacked[slot].zero_()

    def move(self, source: int, target: int) -> None:
        """Take a slot's moments to another slot, and zero where they were."""
        for stacked in (self.gradients, self.means, self.squares):
            stacked[target].copy_(stacked[source])
        self.clear(source)
