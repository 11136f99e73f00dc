"""Latents to pictures, off the steps' path: batched, finished pictures before previews.

The decoder has a thread of its own once the engine runs (`start`); without one, `run_once` decodes a batch in place.
On an accelerator it also has a stream of its own, so that decoding fills what the steps leave idle and never stands
in line between two of them. Latents are zeroed as soon as they are decoded or discarded.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from serve_apps.engine.jobs import Job
from serve_apps.engine.model import Picture
from serve_apps.engine.transfer import stream_on

Exact = NDArray[np.float32]
"""A picture before rounding: `[height, width, 3]`, from 0 to 1."""


@dataclass(slots=True, eq=False)
class Decoding:
    """Latents `[c, h, w]` that wait to become a picture; `preview` numbers a preview, None is the finished picture."""

    job: Job
    latents_chw: Tensor = field(repr=False)
    preview: int | None
    step: int
    ready: torch.cuda.Event | None = None
    """Where the steps' stream has finished the latents; None where there are no streams."""


Deliver = Callable[[Decoding, Exact], None]
Fail = Callable[[Decoding, BaseException], None]


class Decoder:
    """Decodes what is offered in batches of one size and hands each picture to `deliver`."""

    def __init__(self, vae: Any, batch: int, deliver: Deliver, fail: Fail) -> None:
        self._vae, self._batch, self._deliver, self._fail = vae, batch, deliver, fail
        self._waiting: list[Decoding] = []
        self._wake = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closing = False
        self._stream: torch.cuda.Stream | None = None

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def threaded(self) -> bool:
        return self._thread is not None

    def offer(self, decoding: Decoding) -> None:
        """Queue latents for decoding; they belong to the decoder from now on."""
        if decoding.latents_chw.is_cuda:
            decoding.ready = torch.cuda.current_stream(decoding.latents_chw.device).record_event()
        with self._wake:
            self._waiting.append(decoding)
            self._wake.notify()

    @torch.inference_mode()
    def discard(self, job: Job) -> list[Decoding]:
        """Throw away what `job` still has waiting, zeroed; returns what was thrown away."""
        with self._wake:
            thrown = [d for d in self._waiting if d.job is job]
            self._waiting = [d for d in self._waiting if d.job is not job]
        for decoding in thrown:
            decoding.latents_chw.zero_()
        return thrown

    def run_once(self) -> bool:
        """Decode one batch in the calling thread; False when nothing waits."""
        batch = self._next_batch()
        if batch:
            self._decode(batch)
        return bool(batch)

    def start(self) -> None:
        """Decode on a thread of the decoder's own from now on."""
        assert self._thread is None, "the decoder runs already"
        self._thread = threading.Thread(target=self._serve, name="vae-decode", daemon=True)
        self._thread.start()

    @torch.inference_mode()
    def close(self) -> None:
        """Stop after the batch at hand, and zero what waits."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        if self._thread is not None:
            self._thread.join()
        for decoding in self._waiting:
            decoding.latents_chw.zero_()
        self._waiting.clear()

    def _serve(self) -> None:
        while not self._closing:
            if not self.run_once():
                with self._wake:
                    self._wake.wait_for(lambda: bool(self._waiting) or self._closing)

    def _next_batch(self) -> list[Decoding]:
        with self._wake:
            ordered = sorted(self._waiting, key=lambda d: d.preview is not None)
            shape = ordered[0].latents_chw.shape if ordered else None
            batch = [d for d in ordered if d.latents_chw.shape == shape][: self._batch]
            self._waiting = [d for d in self._waiting if d not in batch]
        return batch

    @torch.inference_mode()
    def _decode(self, batch: list[Decoding]) -> None:
        with self._aside(batch):
            try:
                pictures = decode(self._vae, torch.stack([d.latents_chw for d in batch]))
            except RuntimeError as error:
                # Out of device memory or a broken kernel: these pictures fail, the decoder lives on.
                for decoding in batch:
                    self._fail(decoding, error)
                return
            finally:
                for decoding in batch:
                    decoding.latents_chw.zero_()
        for decoding, picture in zip(batch, pictures, strict=True):
            self._deliver(decoding, picture)

    @contextmanager
    def _aside(self, batch: list[Decoding]) -> Iterator[None]:
        """On the decoder's stream, once the latents are there; they stay allocated until that stream is done."""
        ready = [(d.latents_chw, d.ready) for d in batch if d.ready is not None]
        if not ready:
            yield
            return
        self._stream = self._stream or stream_on(ready[0][0].device)
        with torch.cuda.stream(self._stream):
            for latents_chw, event in ready:
                self._stream.wait_event(event)
                latents_chw.record_stream(self._stream)
            yield


def decode(vae: Any, latents_nchw: Tensor) -> list[Exact]:
    """Pictures `[height, width, 3]` from 0 to 1 of latents as the denoiser leaves them."""
    config = vae.config
    latents = latents_nchw / config.scaling_factor
    mean, std = getattr(config, "latents_mean", None), getattr(config, "latents_std", None)
    if std is not None:
        latents = latents * latents.new_tensor(std).view(1, -1, 1, 1)
    if mean is not None:
        latents = latents + latents.new_tensor(mean).view(1, -1, 1, 1)
    pictures_nchw = vae.decode(latents.to(vae.dtype), return_dict=False)[0].float()
    latents.zero_()
    exact_nhwc = (pictures_nchw / 2 + 0.5).clamp_(0, 1).permute(0, 2, 3, 1).contiguous().cpu()
    return [picture.numpy() for picture in exact_nhwc]


def rounded(picture: Exact) -> Picture:
    """The picture in bytes."""
    return np.asarray((picture * 255).round(), dtype=np.uint8)
