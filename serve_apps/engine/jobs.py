"""A request from the inside: tokenised, planned, and counted while it waits, runs and is decoded."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass, field

import torch
from torch import Tensor

from serve_apps.engine.errors import InvalidRequest
from serve_apps.engine.model import (
    AccountId,
    AdapterId,
    GenerationRequest,
    GenerationResult,
    PartialCallback,
    RequestId,
    Size,
    StepCallback,
)
from serve_apps.engine.samplers import SamplerPlan

Tokens = tuple[Tensor, ...]
"""A prompt's token ids, `[length]` for each of the base model's text encoders."""


@dataclass(slots=True, eq=False)
class Job:
    """What the engine keeps of a request. The prompt itself is not kept: only its token ids, until it joins."""

    id: RequestId
    account: AccountId
    adapter_id: AdapterId | None
    tokens: Tokens = field(repr=False)
    negative_tokens: Tokens | None = field(repr=False)
    empty_negative: bool
    guidance: float
    seed: int
    plan: SamplerPlan = field(repr=False)
    size: Size
    deadline: float | None
    previews: dict[int, int]
    on_partial: PartialCallback | None
    on_step: StepCallback | None
    future: Future[GenerationResult] = field(repr=False)
    cells: int
    submitted_at: float
    submitted_at_step: int
    ready_at_step: int | None = None
    joined_at: float = 0.0
    join_wait_steps: int = 0
    denoised_at: float = 0.0
    done_steps: int = 0

    @property
    def rows(self) -> int:
        """Rows of the UNet's batch that the request takes."""
        return 1 if self.negative_tokens is None else 2

    @property
    def cost(self) -> float:
        """The work it asks for: latent cells denoised."""
        return float(self.remaining_steps * self.rows * self.cells)

    @property
    def remaining_steps(self) -> int:
        return self.plan.steps - self.done_steps

    @property
    def delivered(self) -> bool:
        """Whoever asked for it knows the outcome, and may use its id again."""
        return self.future.done() and not self.future.cancelled()

    def overdue(self, now: float) -> bool:
        return self.deadline is not None and now >= self.deadline

    def forget_tokens(self) -> None:
        """Overwrite the prompt's token ids."""
        for ids in (*self.tokens, *(self.negative_tokens or ())):
            ids.zero_()


def preview_steps(steps: int, count: int) -> dict[int, int]:
    """After which step (from 1) each of `count` previews is taken, spread evenly before the last step."""
    wanted = {max(1, round(steps * (k + 1) / (count + 1))) for k in range(count)}
    return {step: index for index, step in enumerate(sorted(wanted)) if step < steps}


def check(request: GenerationRequest, sizes: tuple[Size, ...], max_steps: int, max_partials: int) -> None:
    """Refuse what cannot be served; raises `InvalidRequest` saying what to change."""
    if request.size not in sizes:
        offered = ", ".join(str(size) for size in sizes)
        raise InvalidRequest(f"size {request.size} is not offered; choose one of {offered}")
    if not 1 <= request.steps <= max_steps:
        raise InvalidRequest(f"steps must be from 1 to {max_steps}, not {request.steps}")
    if not 0 <= request.partial_images <= max_partials:
        raise InvalidRequest(f"partial_images must be from 0 to {max_partials}, not {request.partial_images}")
    if not 0.0 <= request.guidance <= 100.0:
        raise InvalidRequest(f"guidance must be from 0 to 100, not {request.guidance}")
    if not 0 <= request.seed < 2**64:
        raise InvalidRequest(f"seed must be a whole number from 0 to 2**64 - 1, not {request.seed}")


def generator_of(seed: int) -> torch.Generator:
    """The random numbers of one request: the ones diffusers draws when it is given `manual_seed(seed)` on the CPU."""
    return torch.Generator(device="cpu").manual_seed(seed)
