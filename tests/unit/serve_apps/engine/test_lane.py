"""The batch's buffers: prefixes stay whole as samples come and go, and nothing is left behind."""

from __future__ import annotations

import random
from concurrent.futures import Future

import pytest
import torch

from serve_apps.engine.jobs import Job, preview_steps
from serve_apps.engine.lane import Lane, LaneShape, Sample
from serve_apps.engine.model import AccountId, RequestId, Sampler, Size
from serve_apps.engine.samplers import SamplerBook
from serve_apps.engine.text import Embeddings

BOOK = SamplerBook({"num_train_timesteps": 1000, "beta_schedule": "scaled_linear"})
SHAPE = LaneShape(Size(16, 16), capacity=8, channels=4, height=4, width=4, tokens=3, text_width=5, pooled=6)


def make_job(seed: int, *, guided: bool = True, sampler: Sampler = Sampler.EULER_ANCESTRAL) -> Job:
    ids = torch.ones(3, dtype=torch.long)
    return Job(
        id=RequestId(f"r{seed}"),
        account=AccountId("a"),
        adapter_id=None,
        tokens=(ids,),
        negative_tokens=(ids,) if guided else None,
        empty_negative=True,
        guidance=float(seed),
        seed=seed,
        plan=BOOK.plan(sampler, 5),
        size=SHAPE.size,
        deadline=None,
        previews={},
        on_partial=None,
        on_step=None,
        future=Future(),
        cells=16,
        submitted_at=0.0,
        submitted_at_step=0,
    )


def embeddings(value: float) -> Embeddings:
    return Embeddings(torch.full((1, 3, 5), value), torch.full((1, 6), value))


def join(lane: Lane, seed: int, *, guided: bool) -> Sample:
    negative = embeddings(-seed) if guided else None
    return lane.join(make_job(seed, guided=guided), slot=seed, prompt=embeddings(seed), negative=negative)


def assert_whole(lane: Lane) -> None:
    """Every sample's latents, guidance, rows and texts are its own; all beyond the prefix is zero."""
    n, r = len(lane.samples), lane.rows
    for index, sample in enumerate(lane.samples):
        seed = sample.job.seed
        expected = torch.randn((1, 4, 4, 4), generator=torch.Generator().manual_seed(seed))[0]
        assert sample.index == index
        assert torch.equal(lane.x_nchw[index], expected * sample.job.plan.initial_scale)
        assert lane.guidance_n[index] == seed
        prompt, negative = int(lane.prompt_row_n[index]), int(lane.negative_row_n[index])
        assert (lane.text_rld[prompt] == seed).all()
        assert lane.pooled_rp is not None
        assert (lane.pooled_rp[prompt] == seed).all()
        assert (lane.text_rld[negative] == (-seed if sample.job.rows == 2 else seed)).all()
        assert all(int(lane.sample_of_row_r[row]) == index for row in sample.rows)
        assert all(lane.slot_of_rows()[row] == seed for row in sample.rows)
    assert r == sum(sample.job.rows for sample in lane.samples)
    for buffer in (lane.x_nchw[n:], lane.previous_nchw[n:], lane.noise_nchw[n:], lane.text_rld[r:]):
        assert not buffer.any()


@pytest.mark.parametrize("seed", range(5))
def test_random_comings_and_goings(seed: int) -> None:
    rng = random.Random(seed)
    lane = Lane(SHAPE, torch.device("cpu"), torch.float32)
    for number in range(1, 120):
        guided = rng.random() < 0.7
        if lane.rows + 1 + guided <= SHAPE.capacity and rng.random() < 0.6:
            join(lane, number, guided=guided)
        elif lane.samples:
            lane.leave(rng.choice(lane.samples))
        assert_whole(lane)
    lane.wipe()
    assert not lane.samples
    assert_whole(lane)


def test_noise_is_drawn_as_diffusers_draws_it_and_moves_with_its_sample() -> None:
    lane = Lane(SHAPE, torch.device("cpu"), torch.float32)
    first, second = join(lane, 1, guided=False), join(lane, 2, guided=False)
    lane.prepare()
    generator = torch.Generator().manual_seed(2)
    torch.randn((1, 4, 4, 4), generator=generator)
    assert torch.equal(lane.noise_nchw[1], torch.randn((1, 4, 4, 4), generator=generator)[0])
    lane.leave(first)
    second.job.done_steps += 1
    lane.prepare()
    assert torch.equal(lane.noise_nchw[0], torch.randn((1, 4, 4, 4), generator=generator)[0])


def test_numbers_of_the_plan_follow_each_samples_own_position() -> None:
    lane = Lane(SHAPE, torch.device("cpu"), torch.float32)
    early, late = join(lane, 1, guided=True), join(lane, 2, guided=True)
    late.job.done_steps = 3
    lane.prepare()
    for sample, at in ((early, 0), (late, 3)):
        assert lane.timesteps_n[sample.index] == sample.job.plan.timesteps_t[at]
        assert torch.equal(lane.coefficients_kn[:, sample.index], sample.job.plan.coefficients_tk[at])


def test_views_share_the_buffers() -> None:
    lane = Lane(SHAPE, torch.device("cpu"), torch.float32)
    join(lane, 1, guided=True)
    views = lane.views(rows=4, samples=8)
    assert views.x_nchw.data_ptr() == lane.x_nchw.data_ptr()
    assert views.text_rld.shape == (4, 3, 5)
    assert views.time_ids_r6 is not None
    assert views.time_ids_r6[0].tolist() == [16, 16, 0, 0, 16, 16]


@pytest.mark.parametrize(
    ("steps", "count", "expected"), [(25, 3, [6, 12, 19]), (4, 3, [1, 2, 3]), (2, 3, [1]), (1, 2, []), (10, 0, [])]
)
def test_previews_are_spread_over_the_steps(steps: int, count: int, expected: list[int]) -> None:
    assert sorted(preview_steps(steps, count)) == expected
