"""What a request costs, and what is refused before it becomes a job."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
import torch

from serve_apps.engine.errors import InvalidRequest
from serve_apps.engine.jobs import check, generator_of
from serve_apps.engine.model import AccountId, GenerationRequest, RequestId, Size
from tests.unit.serve_apps.engine.test_lane import make_job

REQUEST = GenerationRequest(RequestId("r"), AccountId("a"), "a portrait", size=Size(16, 16))


def test_cost_is_the_work_that_is_left() -> None:
    guided, plain = make_job(1, guided=True), make_job(2, guided=False)
    assert (guided.rows, plain.rows) == (2, 1)
    assert (guided.cost, plain.cost) == (5 * 2 * 16, 5 * 16)
    guided.done_steps = 4
    assert guided.cost == 2 * 16


def test_token_ids_are_overwritten() -> None:
    job = make_job(1)
    job.forget_tokens()
    assert job.negative_tokens is not None
    assert not any(ids.any() for ids in (*job.tokens, *job.negative_tokens))


def test_a_job_and_a_request_print_no_prompt() -> None:
    assert "portrait" not in repr(REQUEST)
    assert "tokens" not in repr(make_job(1))


@pytest.mark.parametrize(("deadline", "overdue"), [(None, False), (9.0, True), (10.0, True), (11.0, False)])
def test_deadlines(deadline: float | None, overdue: bool) -> None:
    job = make_job(1)
    job.deadline = deadline
    assert job.overdue(10.0) is overdue


def test_the_limits_themselves_are_served() -> None:
    for changes in ({"steps": 1}, {"steps": 50}, {"partial_images": 3}, {"guidance": 0.0}, {"seed": 2**64 - 1}):
        check(dataclasses.replace(REQUEST, **changes), (Size(16, 16),), max_steps=50, max_partials=3)


@pytest.mark.parametrize("changes", [{"steps": 51}, {"partial_images": 4}, {"guidance": 101.0}, {"seed": 2**64}])
def test_beyond_the_limits_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest):
        check(dataclasses.replace(REQUEST, **changes), (Size(16, 16),), max_steps=50, max_partials=3)


def test_seeds_are_those_of_diffusers() -> None:
    expected = torch.randn(3, generator=torch.Generator().manual_seed(2**40))
    assert torch.equal(torch.randn(3, generator=generator_of(2**40)), expected)
