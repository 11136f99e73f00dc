"""The heart of the engine: who joins the batch, one step for everyone in it, and who leaves.

One call of `step` is one turn:

    1  what was fetched is taken in; what is overdue ends
    2  waiting requests join, in fair order, while rows and memory last; their prompts are encoded together
    3  one lane (resolution) with samples runs one denoising step; lanes take turns
    4  finished samples leave: latents to the decoder, rows and buffers zeroed, adapter unpinned

Everything here belongs to one thread; `engine.py` puts a door with a lock in front of it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

import torch

from serve_apps.engine.config import EngineConfig, Execution
from serve_apps.engine.decoder import Decoding
from serve_apps.engine.denoiser import Denoiser
from serve_apps.engine.errors import AdapterDropped, AdapterUnavailable, DeadlineExceeded, EngineError
from serve_apps.engine.jobs import Job
from serve_apps.engine.lane import Lane, Sample
from serve_apps.engine.model import AdapterId, RequestId, Size
from serve_apps.engine.pacing import Pace
from serve_apps.engine.queueing import FairQueue
from serve_apps.engine.slots import Absent, AdapterLibrary
from serve_apps.engine.stats import Rate
from serve_apps.engine.text import TextEncoding


class RowChooser(Protocol):
    """Tells the layers of the UNet and the text encoders whose adapter each row of the coming forward uses."""

    def for_denoising(self, slots: list[int]) -> int:
        """Returns the rank bucket that the layers show."""

    def for_text(self, slots: list[int]) -> None: ...

    def show_each_rank(self) -> Iterator[int]:
        """Prepare empty rows of every rank bucket in turn, for compiled code to be made for."""


class Listener(Protocol):
    """Hears what happens to requests; called on the engine's thread and must return at once."""

    def stepped(self, job: Job) -> None: ...

    def denoised(self, decoding: Decoding) -> None: ...

    def ended(self, job: Job, reason: BaseException) -> None: ...


class Batcher:
    """Queue, lanes and adapters of one engine."""

    def __init__(
        self,
        config: EngineConfig,
        lanes: dict[Size, Lane],
        library: AdapterLibrary,
        text: TextEncoding,
        denoiser: Denoiser,
        chooser: RowChooser,
        row_bytes: dict[Size, int],
        listener: Listener,
        pace: Pace,
        clock: Callable[[], float],
    ) -> None:
        self._config, self._library, self._text, self._denoiser = config, library, text, denoiser
        self._chooser, self._row_bytes, self._listener, self._clock = chooser, row_bytes, listener, clock
        self._lanes, self._pace = lanes, pace
        self._turns = deque(lanes.values())
        self.queue: FairQueue[Job] = FairQueue()
        self.steps = 0
        self.fill, self.cells_per_s = Rate(), pace.cells_per_s

    @property
    def samples(self) -> list[Sample]:
        return [sample for lane in self._lanes.values() for sample in lane.samples]

    @property
    def rows(self) -> int:
        return sum(lane.rows for lane in self._lanes.values())

    @property
    def idle(self) -> bool:
        """Nothing runs and nothing waits."""
        return not self.queue and not self.rows

    def enqueue(self, job: Job) -> None:
        """Let `job` wait for its turn."""
        self.queue.push(job)
        self._library.want(job.adapter_id)
        if self._library.prefetch(job.adapter_id):
            job.ready_at_step = job.submitted_at_step

    def end(self, id: RequestId, reason: BaseException) -> bool:
        """End a request that waits or runs; False when there is none of that id."""
        for job in self.queue:
            if job.id == id:
                self._end_waiting(job, reason)
                return True
        for lane in self._lanes.values():
            for sample in lane.samples:
                if sample.job.id == id:
                    self._end_running(lane, sample, reason)
                    return True
        return False

    def drop_adapter(self, id: AdapterId) -> None:
        """End every request that uses the adapter and zero every copy of it.

        Whoever is told, the requests included, is told when no copy is left.
        """
        ended: list[Job] = []
        for job in self.queue:
            if job.adapter_id == id:
                self._take_out(job)
                ended.append(job)
        for lane in self._lanes.values():
            for sample in [s for s in lane.samples if s.job.adapter_id == id]:
                self._leave(lane, sample)
                ended.append(sample.job)
        self._library.drop(id)
        # Zeroing is queued behind the step under way.
        self._pace.settle()
        for job in ended:
            self._listener.ended(job, self.dropped_reason())

    @staticmethod
    def dropped_reason() -> AdapterDropped:
        return AdapterDropped("the adapter was dropped while the request was under way")

    @torch.inference_mode()
    def step(self) -> bool:
        """One turn; False when no sample ran."""
        self._take_in_arrivals()
        self._end_overdue()
        self._admit()
        lane = self._next_lane()
        if lane is None:
            return False
        self._run(lane)
        return True

    @torch.inference_mode()
    def warm(self) -> None:
        """Run compiled code once on empty buffers of every shape it will see."""
        if self._config.execution is Execution.EAGER:
            return
        for rank in self._chooser.show_each_rank():
            for lane in self._lanes.values():
                for rows in self._config.row_buckets:
                    self._denoiser.prepare(lane.views(rows, rows), rank)
        self._denoiser.warm()

    def close(self, reason: BaseException) -> None:
        """End everything and zero everything."""
        for job in self.queue:
            self._end_waiting(job, reason)
        for lane in self._lanes.values():
            for sample in list(lane.samples):
                self._end_running(lane, sample, reason)
            lane.wipe()
        self._library.close()
        self._pace.settle()

    def _take_in_arrivals(self) -> None:
        near, failed = self._library.collect()
        if not near and not failed:
            return
        for job in self.queue:
            if job.adapter_id in near and job.ready_at_step is None:
                job.ready_at_step = self.steps
            error = failed.get(job.adapter_id) if job.adapter_id is not None else None
            if error is not None:
                unavailable = AdapterUnavailable(f"the adapter could not be loaded: {error}")
                unavailable.__cause__ = error
                self._end_waiting(job, unavailable)

    def _end_overdue(self) -> None:
        now = self._clock()
        for job in self.queue:
            if job.overdue(now):
                self._end_waiting(job, DeadlineExceeded("the deadline passed while the request waited"))
        for lane in self._lanes.values():
            for sample in [s for s in lane.samples if s.job.overdue(now)]:
                self._end_running(lane, sample, DeadlineExceeded("the deadline passed while the request ran"))

    def _admit(self) -> None:
        joining: list[tuple[Job, int]] = []
        awaited = 0
        for job in self.queue.in_fair_order():
            if not self._fits(job, joining) or awaited >= self._config.prefetch_ahead:
                break
            slot = self._library.acquire(job.adapter_id)
            if slot is Absent.ALL_SLOTS_IN_USE:
                break
            if slot is Absent.ON_ITS_WAY:
                # Those behind it may pass; it loses no place.
                awaited += 1
                continue
            self.queue.take(job)
            self._library.unwant(job.adapter_id)
            joining.append((job, slot))
        if joining:
            self._join(joining)

    def _fits(self, job: Job, joining: list[tuple[Job, int]]) -> bool:
        rows = self.rows + sum(other.rows for other, _ in joining) + job.rows
        if rows > self._config.max_rows:
            return False
        if self._config.memory_bytes is None:
            return True
        same = sum(other.rows for other, _ in joining if other.size == job.size)
        lane_rows = self._lanes[job.size].rows + same + job.rows
        # An empty lane takes anyone: what does not fit alone will not fit later either.
        return lane_rows == job.rows or lane_rows * self._row_bytes[job.size] <= self._config.memory_bytes

    def _join(self, joining: Iterable[tuple[Job, int]]) -> None:
        joining = list(joining)
        prompts = [(job.tokens, slot) for job, slot in joining]
        prompts += [(job.negative_tokens, slot) for job, slot in joining if job.negative_tokens is not None]
        self._chooser.for_text([slot for _, slot in prompts])
        encoded = self._text.encode([tokens for tokens, _ in prompts])
        negatives = iter(range(len(joining), len(prompts)))
        now = self._clock()
        for index, (job, slot) in enumerate(joining):
            negative = None if job.negative_tokens is None else encoded.row(next(negatives))
            if negative is not None and job.empty_negative and self._text.zero_when_empty:
                negative.wipe()
            self._lanes[job.size].join(job, slot, encoded.row(index), negative)
            job.joined_at = now
            job.join_wait_steps = self.steps - (
                job.submitted_at_step if job.ready_at_step is None else job.ready_at_step
            )
            job.forget_tokens()
        encoded.wipe()

    def _next_lane(self) -> Lane | None:
        for _ in range(len(self._turns)):
            lane = self._turns[0]
            self._turns.rotate(-1)
            if lane.samples:
                return lane
        return None

    def _run(self, lane: Lane) -> None:
        began = self._clock()
        rows = self._config.bucket(lane.rows)
        samples = len(lane.samples) if self._config.execution is Execution.EAGER else rows
        lane.prepare()
        slots = lane.slot_of_rows()
        rank = self._chooser.for_denoising(slots + [0] * (rows - len(slots)))
        try:
            x_next, x0 = self._denoiser(lane.views(rows, samples), rank)
        except torch.OutOfMemoryError as error:
            self._out_of_memory(lane, error)
            return
        taken = len(lane.samples)
        lane.x_nchw[:taken].copy_(x_next[:taken])
        lane.previous_nchw[:taken].copy_(x0[:taken])
        self.steps += 1
        self.fill.add(lane.rows / self._config.max_rows)
        self._finish_turn(lane)
        self._pace.queued(len(slots) * lane.shape.height * lane.shape.width, began)

    def _finish_turn(self, lane: Lane) -> None:
        for sample in list(lane.samples):
            job = sample.job
            job.done_steps += 1
            self._listener.stepped(job)
            preview = job.previews.get(job.done_steps)
            if preview is not None:
                guess = lane.previous_nchw[sample.index].clone()
                self._listener.denoised(Decoding(job, guess, preview, job.done_steps))
            if job.remaining_steps == 0:
                job.denoised_at = self._clock()
                finished = lane.x_nchw[sample.index].clone()
                self._leave(lane, sample)
                self._listener.denoised(Decoding(job, finished, None, job.done_steps))

    def _out_of_memory(self, lane: Lane, error: BaseException) -> None:
        reason = EngineError("the device ran out of memory; lower max_rows or set memory_bytes")
        reason.__cause__ = error
        for sample in list(lane.samples):
            self._end_running(lane, sample, reason)
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _end_waiting(self, job: Job, reason: BaseException) -> None:
        self._take_out(job)
        self._listener.ended(job, reason)

    def _take_out(self, job: Job) -> None:
        self.queue.remove(job)
        self._library.unwant(job.adapter_id)
        job.forget_tokens()

    def _end_running(self, lane: Lane, sample: Sample, reason: BaseException) -> None:
        self._leave(lane, sample)
        self._listener.ended(sample.job, reason)

    def _leave(self, lane: Lane, sample: Sample) -> None:
        lane.leave(sample)
        self._library.release(sample.job.adapter_id)
