"""The generation engine: many users' requests in one batch, each joining at the next step and leaving when done.

    engine = Engine(base, EngineConfig(sizes=(Size(512, 512),)), fetch)
    engine.start()                                  # or call engine.step() yourself
    picture = engine.submit(request).future.result().image
    engine.close()

`submit`, `cancel`, `drop_adapter`, `stats` and `close` may be called from any thread; what they ask takes effect at
the next step. Callbacks and futures are completed on the engine's own threads and must return at once.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from functools import partial

from serve_apps.engine.assembly import build_batcher
from serve_apps.engine.batcher import Batcher
from serve_apps.engine.config import EngineConfig
from serve_apps.engine.decoder import Decoder, Decoding, Exact, rounded
from serve_apps.engine.errors import Cancelled, EngineClosed, EngineError, EngineFull, InvalidRequest
from serve_apps.engine.fetching import Fetch
from serve_apps.engine.jobs import Job, check, preview_steps
from serve_apps.engine.model import (
    AdapterId,
    GenerationRequest,
    GenerationResult,
    Partial,
    PartialCallback,
    RequestId,
    StepCallback,
    Ticket,
)
from serve_apps.engine.stats import EngineStats
from training.engine.base import BaseModel

_log = logging.getLogger(__name__)


class Engine:
    """Continuous batching of denoising steps over one base model; see the module's docstring for its use.

    `fetch` brings an adapter file's bytes by id and may block (it runs on threads of its own); `released` is told
    when the engine's last copy of an adapter is gone. Raises `ValueError` when `base` and `config` do not fit.
    """

    def __init__(
        self,
        base: BaseModel,
        config: EngineConfig,
        fetch: Fetch,
        released: Callable[[AdapterId], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._config, self._clock = config, clock
        self._wake = threading.Condition()
        self._commands: list[Callable[[], None]] = []
        self._jobs: dict[RequestId, Job] = {}
        self._thread: threading.Thread | None = None
        self._accepting, self._closing, self._ended = True, False, False
        self._pictures = self._callback_errors = 0
        parts = build_batcher(base, config, fetch, released or _ignore, clock, listener=self, ready=self._nudge)
        self._batcher: Batcher = parts.batcher
        self._library, self._text, self._book = parts.library, parts.text, parts.book
        self._denoiser = parts.denoiser
        self._cells = parts.cells
        self._decoder = Decoder(base.vae, config.decode_batch, self._deliver, self._decoding_failed)

    # ---------------------------------------------------------------------------------------- for callers

    def submit(
        self,
        request: GenerationRequest,
        on_partial: PartialCallback | None = None,
        on_step: StepCallback | None = None,
    ) -> Ticket:
        """Ask for a picture; it joins the batch at the next step if there is room and its adapter is near.

        Raises `InvalidRequest`, `EngineFull` (with `retry_after_s`) or `EngineClosed`.
        """
        job = self._prepare(request, on_partial, on_step)
        with self._wake:
            self._check_room(job.id)
            self._jobs[job.id] = job
            self._commands.append(partial(self._batcher.enqueue, job))
            self._wake.notify_all()
        self._library.prefetch(job.adapter_id)
        return Ticket(job.id, job.future)

    def cancel(self, id: RequestId) -> None:
        """End the request at the next step with `Cancelled`; one that is done, or unknown, is left alone."""
        self._command(partial(self._end, id, Cancelled("the request was cancelled")))

    def give_adapter(self, id: AdapterId, data: bytearray) -> bool:
        """Have an adapter near before anybody asks for it. `data`, its file's bytes, is zeroed once it is parsed; it
        stays the caller's when the answer is False: the adapter is here already, or the engine takes nothing new."""
        return self._accepting and self._library.give(id, data)

    def drop_adapter(self, id: AdapterId) -> Future[None]:
        """Zero every copy of the adapter at the next step; requests that use it end with `AdapterDropped`.

        The future is done when no copy is left; that is at once when the engine has ended, also while it drains.
        """
        dropped: Future[None] = Future()
        if not self._command(partial(self._drop, id, dropped)):
            dropped.set_result(None)
        return dropped

    def warm(self) -> None:
        """Compile every batch bucket, size and rank bucket before the first request; nothing to do when eager."""
        self._batcher.warm()

    def start(self) -> None:
        """Run the steps on a thread of the engine's own, and decode on another."""
        assert self._thread is None, "the engine runs already"
        self._decoder.start()
        self._thread = threading.Thread(target=self.run, name="denoise", daemon=True)
        self._thread.start()

    def run(self) -> None:
        """Step until the engine is closed; sleeps while there is nothing to do."""
        try:
            while not self._closing:
                if not self.step():
                    self._sleep()
        finally:
            # However the loop ended, nobody may wait for a picture that will not come.
            self._closing = True
            self._end_all(EngineClosed("the engine was closed"))

    def step(self) -> bool:
        """One turn: do what was asked, let requests join, run one denoising step; False when nothing ran."""
        self._do_commands()
        ran = self._batcher.step()
        decoded = False if self._decoder.threaded else self._decoder.run_once()
        return ran or decoded

    @property
    def running(self) -> bool:
        """Whether the engine's own thread is at work; False before `start`, after `close`, and when it failed."""
        return self._thread is not None and self._thread.is_alive() and not self._closing

    def drain(self, timeout_s: float) -> bool:
        """Take nothing new and wait for what is under way; False when `timeout_s` passed first."""
        with self._wake:
            self._accepting = False
            return self._wake.wait_for(lambda: not self._jobs, timeout_s)

    def close(self) -> None:
        """End everything with `EngineClosed` and zero every copy of adapters, latents and embeddings."""
        with self._wake:
            self._accepting, self._closing = False, True
            self._wake.notify_all()
        if self._thread is not None:
            self._thread.join()
        self._decoder.close()
        self._end_all(EngineClosed("the engine was closed"))

    def stats(self) -> EngineStats:
        """A reading of the engine, from any thread."""
        with self._wake:
            jobs = list(self._jobs.values())
        running = [job for job in jobs if job.joined_at and job.remaining_steps]
        waiting = [job for job in jobs if not job.joined_at]
        return EngineStats(
            waiting=len(waiting),
            running=len(running),
            decoding=len(self._decoder),
            queued_steps=sum(job.rows * job.remaining_steps for job in jobs),
            rows=sum(job.rows for job in running),
            max_rows=self._config.max_rows,
            batch_fill=self._batcher.fill.value,
            cells_per_s=self._batcher.cells_per_s.value,
            steps=self._batcher.steps,
            pictures=self._pictures,
            resident=self._library.resident,
            in_host_memory=self._library.in_host_memory,
            host_bytes=self._library.host_bytes,
            loads=self._library.loads,
            evictions=self._library.evictions,
            fetches=self._library.fetches,
            recompiles=self._denoiser.recompiles,
            callback_errors=self._callback_errors,
        )

    # ------------------------------------------------------- heard from the batcher, on the engine's thread

    def stepped(self, job: Job) -> None:
        """A step of `job` is done."""
        if job.on_step is not None:
            self._call_back(partial(job.on_step, job.done_steps, job.plan.steps))

    def denoised(self, decoding: Decoding) -> None:
        """Latents are ready to become a picture."""
        self._decoder.offer(decoding)

    def ended(self, job: Job, reason: BaseException) -> None:
        """`job` left before its picture was done."""
        self._decoder.discard(job)
        _settle(job.future, reason)
        self._forget(job)

    # ------------------------------------------------------------------------------------------- inside

    def _prepare(
        self, request: GenerationRequest, on_partial: PartialCallback | None, on_step: StepCallback | None
    ) -> Job:
        check(request, self._config.sizes, self._config.max_steps, self._config.max_partial_images)
        guided = request.guidance > 1.0
        return Job(
            id=request.id,
            account=request.account,
            adapter_id=request.adapter_id,
            tokens=self._text.tokenize(request.prompt),
            negative_tokens=self._text.tokenize(request.negative_prompt) if guided else None,
            empty_negative=not request.negative_prompt,
            guidance=request.guidance if guided else 1.0,
            seed=request.seed,
            plan=self._book.plan(request.sampler, request.steps),
            size=request.size,
            deadline=request.deadline,
            previews=preview_steps(request.steps, request.partial_images),
            on_partial=on_partial,
            on_step=on_step,
            future=Future(),
            cells=self._cells[request.size],
            submitted_at=self._clock(),
            submitted_at_step=self._batcher.steps,
        )

    def _check_room(self, id: RequestId) -> None:
        if not self._accepting:
            raise EngineClosed("the engine takes no new requests; send them to another")
        # The outcome is told before the job is forgotten: whoever hears it may ask again with the same id at once.
        namesake = self._jobs.get(id)
        if namesake is not None and not namesake.delivered:
            raise InvalidRequest(f"request {id} is under way already; use a new id")
        waiting = sum(1 for job in self._jobs.values() if not job.joined_at)
        if waiting >= self._config.max_waiting:
            raise EngineFull(f"{waiting} requests wait already", self._seconds_for_one_batch())

    def _seconds_for_one_batch(self) -> float:
        speed = self._batcher.cells_per_s.value
        work = sum(job.cost for job in self._jobs.values())
        return max(1.0, work / speed / 2) if speed else 1.0

    def _command(self, command: Callable[[], None]) -> bool:
        """Have it done at the next step; False when there will be none, and nothing is left to act upon."""
        with self._wake:
            if self._ended:
                return False
            self._commands.append(command)
            self._wake.notify_all()
            return True

    def _do_commands(self) -> None:
        with self._wake:
            commands, self._commands = self._commands, []
        for command in commands:
            command()

    def _nudge(self) -> None:
        with self._wake:
            self._wake.notify_all()

    def _sleep(self) -> None:
        with self._wake:
            if not self._commands and not self._closing:
                self._wake.wait(timeout=0.05 if self._jobs else None)

    def _end(self, id: RequestId, reason: EngineError) -> None:
        if self._batcher.end(id, reason):
            return
        job = self._jobs.get(id)
        if job is not None:
            self.ended(job, reason)

    def _drop(self, id: AdapterId, dropped: Future[None]) -> None:
        self._batcher.drop_adapter(id)
        for job in [job for job in self._jobs.values() if job.adapter_id == id]:
            self.ended(job, self._batcher.dropped_reason())
        dropped.set_result(None)

    def _end_all(self, reason: EngineError) -> None:
        self._do_commands()
        self._batcher.close(reason)
        for job in list(self._jobs.values()):
            self.ended(job, reason)
        with self._wake:
            self._ended = True
        # What was asked while everything ended: nothing is left, but whoever asked waits for the answer.
        self._do_commands()

    def _deliver(self, decoding: Decoding, picture: Exact) -> None:
        job = decoding.job
        if decoding.preview is not None:
            if job.on_partial is not None and not job.future.done():
                partial_picture = Partial(job.id, decoding.preview, decoding.step, rounded(picture))
                self._call_back(partial(job.on_partial, partial_picture))
            return
        if self._jobs.get(job.id) is not job:
            return
        now = self._clock()
        result = GenerationResult(
            id=job.id,
            image=rounded(picture),
            steps=job.plan.steps,
            waited_s=job.joined_at - job.submitted_at,
            denoised_s=job.denoised_at - job.joined_at,
            decoded_s=now - job.denoised_at,
            join_wait_steps=job.join_wait_steps,
            exact=picture if self._config.exact_pictures else None,
        )
        self._pictures += 1
        _settle(job.future, result)
        self._forget(job)

    def _decoding_failed(self, decoding: Decoding, error: BaseException) -> None:
        failure = EngineError("the picture could not be decoded")
        failure.__cause__ = error
        _settle(decoding.job.future, failure)
        self._forget(decoding.job)

    def _forget(self, job: Job) -> None:
        with self._wake:
            if self._jobs.get(job.id) is job:
                del self._jobs[job.id]
            self._wake.notify_all()

    def _call_back(self, callback: Callable[[], None]) -> None:
        try:
            callback()
        except Exception:  # noqa: BLE001 - a caller's mistake must not stop everyone's steps
            self._callback_errors += 1
            _log.warning("a callback of a request failed", exc_info=False)


def _settle(future: Future[GenerationResult], outcome: GenerationResult | BaseException) -> None:
    """Complete `future`, unless a caller cancelled it or it was completed before."""
    try:
        if isinstance(outcome, BaseException):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)
    except InvalidStateError:
        return


def _ignore(id: AdapterId) -> None:
    """Nobody keeps leases for this engine."""
