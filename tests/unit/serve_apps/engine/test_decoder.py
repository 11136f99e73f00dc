"""Decoding off the steps' path: batches, order, failures, and latents that are zeroed."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import torch

from serve_apps.engine.decoder import Decoder, Decoding, decode, rounded
from tests.unit.serve_apps.engine.tiny import TinyBase


class Vae:
    """Stands for a VAE whose picture is its latents, and notes its batches."""

    dtype = torch.float32

    class config:  # noqa: N801 - the name diffusers gives it
        scaling_factor = 0.5

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.broken = False

    def decode(self, latents: torch.Tensor, return_dict: bool) -> tuple[torch.Tensor]:
        if self.broken:
            raise RuntimeError("no memory")
        self.batches.append(latents.shape[0])
        return (latents.clone(),)


class Bench:
    def __init__(self, batch: int = 2) -> None:
        self.vae, self.delivered, self.failed = Vae(), list[tuple[Any, Any]](), list[Any]()
        self.arrived = threading.Semaphore(0)
        self.decoder = Decoder(self.vae, batch, self.deliver, lambda decoding, error: self.failed.append(decoding))

    def deliver(self, decoding: Decoding, picture: Any) -> None:
        self.delivered.append((decoding, picture))
        self.arrived.release()

    def offer(self, job: Any, *, preview: int | None = None, side: int = 2) -> Decoding:
        decoding = Decoding(job, torch.full((3, side, side), 0.25), preview, 1)
        self.decoder.offer(decoding)
        return decoding


def test_finished_pictures_come_first_and_previews_fill_their_batches() -> None:
    bench = Bench()
    preview = bench.offer("a", preview=0)
    small = [bench.offer("b"), bench.offer("c"), bench.offer("d")]
    large = bench.offer("e", side=4)
    while bench.decoder.run_once():
        pass
    assert [decoding for decoding, _ in bench.delivered] == [*small, preview, large]
    assert bench.vae.batches == [2, 2, 1]


def test_pictures_are_scaled_and_latents_zeroed() -> None:
    bench = Bench()
    decoding = bench.offer("a")
    assert bench.decoder.run_once()
    [(_, picture)] = bench.delivered
    assert picture.shape == (2, 2, 3)
    assert np.allclose(picture, 0.25 / 0.5 / 2 + 0.5)
    assert not decoding.latents_chw.any()
    assert rounded(picture).tolist()[0][0] == [191, 191, 191]


def test_what_a_request_left_behind_is_thrown_away_zeroed() -> None:
    bench = Bench()
    going, staying = bench.offer("a"), bench.offer("b")
    assert bench.decoder.discard("a") == [going]  # type: ignore[arg-type]
    assert not going.latents_chw.any()
    assert len(bench.decoder) == 1
    bench.decoder.run_once()
    assert [decoding for decoding, _ in bench.delivered] == [staying]


def test_a_failure_fails_its_pictures_and_not_the_decoder() -> None:
    bench = Bench()
    first = bench.offer("a")
    bench.vae.broken = True
    bench.decoder.run_once()
    assert bench.failed == [first]
    assert not first.latents_chw.any()
    bench.vae.broken = False
    bench.offer("b")
    bench.decoder.run_once()
    assert len(bench.delivered) == 1


def test_on_its_own_thread() -> None:
    bench = Bench()
    bench.decoder.start()
    assert bench.decoder.threaded
    for job in "abc":
        bench.offer(job)
    assert all(bench.arrived.acquire(timeout=10) for _ in "abc")
    bench.decoder.close()


def test_closing_zeroes_what_waits() -> None:
    bench = Bench()
    waiting = bench.offer("a")
    bench.decoder.close()
    assert not waiting.latents_chw.any()
    assert len(bench.decoder) == 0


def test_a_real_vae(base: TinyBase) -> None:
    latents = torch.randn(2, 4, 8, 8)
    with torch.no_grad():
        expected = base.vae.decode(latents / base.vae.config.scaling_factor, return_dict=False)[0]
    with torch.inference_mode():
        pictures = decode(base.vae, latents)
    assert np.allclose(pictures[1], (expected[1] / 2 + 0.5).clamp(0, 1).permute(1, 2, 0).numpy(), atol=1e-5)
