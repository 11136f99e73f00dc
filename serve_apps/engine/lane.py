"""The running batch of one resolution, in buffers that never move.

A request that runs is a *sample*: latents, the last guess, noise, and a line of sampler numbers. Each sample owns one
or two *rows* of the UNet's batch: one that follows the prompt, and with guidance one that follows the negative
prompt. Samples and rows each fill a prefix of their buffers; when one leaves, the last moves into its place:

    samples   a  b  c  d .  .          b leaves:   a  d  c  .  .  .
    rows      a+ a- b+ c+ c- d+ .  .               a+ a- d+ c+ c- .  .  .

What is left behind is zeroed, so nothing of a person outlives the request in a buffer that strangers use next.

Shape suffixes: n samples, r rows, c latent channels, h, w latent height and width, l tokens, d text width,
p pooled width, k sampler coefficients.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from serve_apps.engine.jobs import Job, generator_of
from serve_apps.engine.model import Size
from serve_apps.engine.samplers import COEFFICIENTS
from serve_apps.engine.text import Embeddings
from serve_apps.engine.transfer import send


@dataclass(frozen=True, slots=True)
class LaneShape:
    """The shapes of one resolution's buffers; `pooled` is None for bases without pooled text."""

    size: Size
    capacity: int
    channels: int
    height: int
    width: int
    tokens: int
    text_width: int
    pooled: int | None


@dataclass(slots=True, eq=False)
class Sample:
    """A request in the batch: where it sits, and its random numbers."""

    job: Job
    slot: int
    index: int
    generator: torch.Generator = field(repr=False)
    rows: list[int] = field(default_factory=list)

    @property
    def prompt_row(self) -> int:
        return self.rows[0]

    @property
    def negative_row(self) -> int:
        return self.rows[-1]


@dataclass(frozen=True, slots=True)
class LaneViews:
    """The prefix of the buffers that one step reads."""

    x_nchw: Tensor
    previous_nchw: Tensor
    noise_nchw: Tensor
    guidance_n: Tensor
    coefficients_kn: Tensor
    timesteps_n: Tensor
    prompt_row_n: Tensor
    negative_row_n: Tensor
    sample_of_row_r: Tensor
    text_rld: Tensor
    pooled_rp: Tensor | None
    time_ids_r6: Tensor | None


class Lane:
    """The samples and rows of one resolution; belongs to the engine's thread."""

    def __init__(self, shape: LaneShape, device: torch.device, text_dtype: torch.dtype) -> None:
        self.shape = shape
        self.samples: list[Sample] = []
        self._owners: list[Sample] = []
        n, latent = shape.capacity, (shape.channels, shape.height, shape.width)
        self.x_nchw = torch.zeros(n, *latent, device=device)
        self.previous_nchw = torch.zeros(n, *latent, device=device)
        self.noise_nchw = torch.zeros(n, *latent, device=device)
        self.guidance_n = torch.ones(n, device=device)
        self.coefficients_kn = torch.ones(COEFFICIENTS, n, device=device)
        self.timesteps_n = torch.zeros(n, device=device)
        self.prompt_row_n = torch.zeros(n, dtype=torch.long, device=device)
        self.negative_row_n = torch.zeros(n, dtype=torch.long, device=device)
        self.sample_of_row_r = torch.zeros(n, dtype=torch.long, device=device)
        self.text_rld = torch.zeros(n, shape.tokens, shape.text_width, device=device, dtype=text_dtype)
        self.pooled_rp, self.time_ids_r6 = None, None
        if shape.pooled is not None:
            self.pooled_rp = torch.zeros(n, shape.pooled, device=device, dtype=text_dtype)
            sides = (shape.size.height, shape.size.width)
            ids = torch.tensor([*sides, 0, 0, *sides], device=device, dtype=text_dtype)
            self.time_ids_r6 = ids.repeat(n, 1)

    @property
    def rows(self) -> int:
        """Rows in use."""
        return len(self._owners)

    def slot_of_rows(self) -> list[int]:
        """The adapter slot of each row in use."""
        return [owner.slot for owner in self._owners]

    def join(self, job: Job, slot: int, prompt: Embeddings, negative: Embeddings | None) -> Sample:
        """Put `job` into the batch: it takes part from the next step on. The embeddings are `[1, ...]` and copied."""
        sample = Sample(job, slot, len(self.samples), generator_of(job.seed))
        self.samples.append(sample)
        start = torch.randn((1, *self.x_nchw.shape[1:]), generator=sample.generator) * job.plan.initial_scale
        send(self.x_nchw[sample.index], start[0])
        self.guidance_n[sample.index] = job.guidance
        for embeddings in (prompt, negative):
            if embeddings is not None:
                self._give_row(sample, embeddings)
        self._reindex()
        return sample

    def leave(self, sample: Sample) -> None:
        """Take `sample` out and zero what it leaves behind."""
        for row in sorted(sample.rows, reverse=True):
            self._take_row(row)
        last = self.samples.pop()
        if last is not sample:
            for buffer in (self.x_nchw, self.previous_nchw, self.noise_nchw, self.guidance_n):
                buffer[sample.index].copy_(buffer[last.index])
            sample.index, last.index = last.index, sample.index
            self.samples[last.index] = last
        for buffer in (self.x_nchw, self.previous_nchw, self.noise_nchw):
            buffer[sample.index].zero_()
        sample.rows.clear()
        self._reindex()

    def prepare(self) -> None:
        """Write what the coming step needs of every sample's plan: its timestep, its numbers, its noise."""
        if not self.samples:
            return
        plans = [(sample.job.plan, sample.job.done_steps) for sample in self.samples]
        n = len(plans)
        send(self.coefficients_kn[:, :n], torch.stack([plan.coefficients_tk[at] for plan, at in plans], dim=1))
        send(self.timesteps_n[:n], torch.stack([plan.timesteps_t[at] for plan, at in plans]))
        for sample in self.samples:
            if sample.job.plan.draws_noise:
                noise = torch.randn((1, *self.noise_nchw.shape[1:]), generator=sample.generator)
                send(self.noise_nchw[sample.index], noise[0])

    def views(self, rows: int, samples: int) -> LaneViews:
        """The first `samples` samples and `rows` rows; those beyond what is in use are harmless padding."""
        return LaneViews(
            x_nchw=self.x_nchw[:samples],
            previous_nchw=self.previous_nchw[:samples],
            noise_nchw=self.noise_nchw[:samples],
            guidance_n=self.guidance_n[:samples],
            coefficients_kn=self.coefficients_kn[:, :samples],
            timesteps_n=self.timesteps_n[:samples],
            prompt_row_n=self.prompt_row_n[:samples],
            negative_row_n=self.negative_row_n[:samples],
            sample_of_row_r=self.sample_of_row_r[:rows],
            text_rld=self.text_rld[:rows],
            pooled_rp=None if self.pooled_rp is None else self.pooled_rp[:rows],
            time_ids_r6=None if self.time_ids_r6 is None else self.time_ids_r6[:rows],
        )

    def wipe(self) -> None:
        """Zero everything of everyone."""
        for sample in list(self.samples):
            self.leave(sample)

    def _give_row(self, sample: Sample, embeddings: Embeddings) -> None:
        row = len(self._owners)
        self._owners.append(sample)
        sample.rows.append(row)
        self.text_rld[row].copy_(embeddings.text_nld[0])
        if self.pooled_rp is not None and embeddings.pooled_np is not None:
            self.pooled_rp[row].copy_(embeddings.pooled_np[0])

    def _take_row(self, row: int) -> None:
        last = len(self._owners) - 1
        owner = self._owners.pop()
        buffers = [self.text_rld] if self.pooled_rp is None else [self.text_rld, self.pooled_rp]
        for buffer in buffers:
            if row != last:
                buffer[row].copy_(buffer[last])
            buffer[last].zero_()
        if row != last:
            self._owners[row] = owner
            owner.rows[owner.rows.index(last)] = row

    def _reindex(self) -> None:
        n, r = len(self.samples), len(self._owners)
        send(self.prompt_row_n[:n], torch.tensor([s.prompt_row for s in self.samples], dtype=torch.long))
        send(self.negative_row_n[:n], torch.tensor([s.negative_row for s in self.samples], dtype=torch.long))
        send(self.sample_of_row_r[:r], torch.tensor([s.index for s in self._owners], dtype=torch.long))
        for index in (self.prompt_row_n[n:], self.negative_row_n[n:], self.sample_of_row_r[r:]):
            index.zero_()
