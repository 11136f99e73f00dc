"""Compiled code equals eager code and is never compiled again when users, samplers and adapters change."""

from __future__ import annotations

import dataclasses
import random
from typing import Any

import numpy as np
import pytest
import torch

from serve_apps.engine.config import EngineConfig, Execution
from serve_apps.engine.denoiser import Denoiser
from serve_apps.engine.engine import Engine
from serve_apps.engine.graphs import Step
from serve_apps.engine.lane import Lane, LaneShape
from serve_apps.engine.model import AccountId, GenerationRequest, RequestId, Sampler, Size
from tests.unit.serve_apps.engine.tiny import TinyBase, finish, tiny_adapter

SIZE = Size(16, 16)
CONFIG = EngineConfig(
    sizes=(SIZE,),
    exact_pictures=True,
    max_rows=4,
    row_buckets=(2, 4),
    slots=4,
    rank_buckets=(4,),
    targets=("to_q", "to_k", "to_v", "to_out.0"),
)
# Guards and graphs are the compiler's front end; generating code behind it would only take longer.
COMPILED = dataclasses.replace(CONFIG, execution=Execution.COMPILED, compile_backend="eager", row_buckets=(4,))


def requests(adapters: list[Any], count: int) -> list[GenerationRequest]:
    rng = random.Random(4)
    return [
        GenerationRequest(
            id=RequestId(f"r{n}"),
            account=AccountId(f"a{n % 3}"),
            prompt=f"portrait {n}",
            adapter_id=rng.choice([None, *adapters]),
            guidance=rng.choice([1.0, 3.0, 5.0]),
            seed=n,
            steps=rng.randrange(2, 5),
            sampler=rng.choice(list(Sampler)),
            size=SIZE,
        )
        for n in range(count)
    ]


def pictures(engine: Engine, asked: list[GenerationRequest]) -> list[Any]:
    tickets = [engine.submit(one) for one in asked]
    finish(engine, [ticket.future for ticket in tickets])
    return [ticket.future.result().exact for ticket in tickets]


def test_compiled_code_equals_eager_code_and_is_not_compiled_again(base: TinyBase) -> None:
    adapters = {adapter.id: adapter.data for adapter in (tiny_adapter(base, n) for n in range(9))}
    asked = requests(list(adapters), 14)
    eager = Engine(base.copy(), CONFIG, adapters.__getitem__)
    compiled = Engine(base.copy(), COMPILED, adapters.__getitem__)
    compiled.warm()
    assert compiled.stats().recompiles == 0
    for one, other in zip(pictures(eager, asked), pictures(compiled, asked), strict=True):
        assert np.abs(one - other).max() <= 1e-4
    assert compiled.stats().recompiles == 0
    assert compiled.stats().evictions > 0
    assert eager.stats().recompiles == 0, "what others compile in this process is not an eager engine's"
    eager.close()
    compiled.close()


def test_replaying_what_was_captured_on_empty_buffers_serves_whoever_sits_in_them(base: TinyBase) -> None:
    """What a graph does on a device: the step over the tensors of the moment it was captured, and nothing else."""
    adapters = {adapter.id: adapter.data for adapter in (tiny_adapter(base, n) for n in range(6))}
    asked = requests(list(adapters), 8)
    eager = Engine(base.copy(), CONFIG, adapters.__getitem__)
    graphed = Engine(base.copy(), dataclasses.replace(COMPILED, execution=Execution.GRAPHED), adapters.__getitem__)
    replays = 0

    def capture(step: Step) -> Step:
        outputs = step()

        def replay() -> tuple[torch.Tensor, torch.Tensor]:
            nonlocal replays
            replays += 1
            for kept, made in zip(outputs, step(), strict=True):
                kept.copy_(made)
            return outputs

        return replay

    graphed._denoiser._capture = capture
    graphed.warm()
    for one, other in zip(pictures(eager, asked), pictures(graphed, asked), strict=True):
        assert np.abs(one - other).max() <= 1e-4
    assert replays == graphed.stats().steps
    eager.close()
    graphed.close()


def small_lane() -> Lane:
    return Lane(LaneShape(SIZE, 4, 4, 8, 8, 3, 5, None), torch.device("cpu"), torch.float32)


@torch.inference_mode()
def test_a_shape_that_cannot_be_captured_runs_without_a_graph() -> None:
    def refuse(step: Step) -> Step:
        raise RuntimeError("operation not permitted while a graph is captured")

    lane = small_lane()
    denoiser = Denoiser(Toy(), Execution.GRAPHED, backend="eager", capture=refuse)
    denoiser.prepare(lane.views(4, 4), 4)
    assert denoiser(lane.views(4, 4), 4)[0].shape == (4, 4, 8, 8)


@torch.inference_mode()
def test_a_compiler_that_fails_leaves_the_step_eager() -> None:
    calls = 0

    def broken(module: object, inputs: object) -> Any:
        nonlocal calls
        calls += 1
        raise OSError("no compiler on this machine")

    lane = small_lane()
    denoiser = Denoiser(Toy(), Execution.COMPILED, backend=broken)
    for _ in range(2):
        made = denoiser(lane.views(4, 4), 4)
        expected = denoiser.eagerly(lane.views(4, 4))
        assert all(torch.equal(one, other) for one, other in zip(made, expected, strict=True))
    assert calls == 1


class Toy(torch.nn.Module):
    """Stands for a UNet where only the compiler's counting matters."""

    def forward(
        self, x: torch.Tensor, t: torch.Tensor, encoder_hidden_states: torch.Tensor, **rest: Any
    ) -> tuple[torch.Tensor]:
        return (x * t[:, None, None, None] + encoder_hidden_states.mean(),)


def test_a_batch_size_that_was_not_warmed_counts_as_a_recompile() -> None:
    lane = small_lane()
    denoiser = Denoiser(Toy(), Execution.COMPILED, backend="eager")
    with torch.inference_mode():
        denoiser.prepare(lane.views(4, 4), 4)
        denoiser.warm()
        denoiser(lane.views(4, 4), 4)
        assert denoiser.recompiles == 0
        denoiser(lane.views(3, 3), 4)
    assert denoiser.recompiles == 1


@pytest.mark.parametrize("guidance", [1.0, 4.0])
def test_padding_rows_disturb_nobody(base: TinyBase, guidance: float) -> None:
    [asked] = requests([], 1)
    asked = dataclasses.replace(asked, guidance=guidance)
    wide = Engine(base.copy(), COMPILED, {}.__getitem__)
    exact = Engine(base.copy(), CONFIG, {}.__getitem__)
    [one], [other] = pictures(wide, [asked]), pictures(exact, [asked])
    assert np.abs(one - other).max() <= 1e-5
    wide.close()
    exact.close()
