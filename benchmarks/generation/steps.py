"""One denoising step of a full batch: the engine's mixed batch against the base, one adapter, and PEFT's loop."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from typing import Any

import torch
from peft import LoraConfig, get_peft_model

from benchmarks.generation.bases import ATTENTION, Subject
from benchmarks.generation.requests import config_for, make
from serve_apps.engine.config import EngineConfig, Execution
from serve_apps.engine.denoiser import Denoiser
from serve_apps.engine.engine import Engine

Variant = tuple[Callable[[], object], Callable[[], object]]
"""What is done before the clock starts, and what is timed."""


def interleaved(variants: dict[str, Variant], repeats: int, device: str) -> dict[str, list[float]]:
    """Seconds of every variant, one after the other in every round, so that a busy machine is busy for all alike."""
    seconds: dict[str, list[float]] = {name: [] for name in variants}
    with torch.inference_mode():
        for round_ in range(-1, repeats):
            for name, (prepare, run) in variants.items():
                prepare()
                began = time.perf_counter()
                run()
                if device == "cuda":
                    torch.cuda.synchronize()
                if round_ >= 0:
                    seconds[name].append(time.perf_counter() - began)
    return seconds


def throughput_ratio(seconds: dict[str, list[float]], ours: str, other: str) -> float:
    """How many times the other's throughput ours is: the median over rounds."""
    return median(b / a for a, b in zip(seconds[ours], seconds[other], strict=True))


def measure(subject: Subject, users: int, repeats: int, execution: Execution, device: str) -> dict[str, Any]:
    """Ratios of a step's throughput with `users` distinct adapters and guidance on."""
    config = config_for(subject, users, execution)
    engine = Engine(subject.copy(), config, subject.fetch)
    for request in make(subject, users, steps=100, distinct=True):
        engine.submit(request)
    while engine.stats().rows < 2 * users:
        engine.step()
    variants = _variants(engine, config, subject, execution)
    if execution is Execution.EAGER:
        variants["peft"] = _peft(subject, engine, users)
    seconds = interleaved(variants, repeats, device)
    found: dict[str, Any] = {
        "step_ms": {name: 1000 * median(times) for name, times in seconds.items()},
        "mixed_over_base": throughput_ratio(seconds, "mixed", "base"),
        "mixed_over_identical": throughput_ratio(seconds, "mixed", "identical"),
    }
    if "peft" in seconds:
        found["mixed_over_peft"] = throughput_ratio(seconds, "mixed", "peft")
    engine.close()
    return found


def _variants(engine: Engine, config: EngineConfig, subject: Subject, execution: Execution) -> dict[str, Variant]:
    batcher = engine._batcher
    lane, chooser = next(iter(batcher._lanes.values())), batcher._chooser
    rows = config.bucket(lane.rows)
    views = lane.views(rows, len(lane.samples) if execution is Execution.EAGER else rows)
    distinct = lane.slot_of_rows()
    alike = [distinct[0]] * len(distinct)
    plain = Denoiser(subject.copy().unet, execution)
    ours, rank = batcher._denoiser, subject.rank
    lane.prepare()
    with torch.inference_mode():
        plain.prepare(views, rank)
    engine.warm()
    return {
        "base": (lambda: None, lambda: plain(views, rank)),
        # Rows are copied when people join or leave, not in a step; activation is measured by itself.
        "mixed": (lambda: chooser.for_denoising(distinct), lambda: ours(views, rank)),
        "identical": (lambda: chooser.for_denoising(alike), lambda: ours(views, rank)),
    }


def _peft(subject: Subject, engine: Engine, users: int) -> Variant:
    """The same batch through PEFT: every layer loops over the adapters that occur."""
    lora = LoraConfig(r=subject.rank, lora_alpha=subject.rank, target_modules=list(ATTENTION))
    model = get_peft_model(subject.copy().unet, lora, adapter_name="0").eval()
    for user in range(1, users):
        model.add_adapter(str(user), lora)
    lane = next(iter(engine._batcher._lanes.values()))
    names = [str(slot % users) for slot in lane.slot_of_rows()]
    views = lane.views(lane.rows, len(lane.samples))
    added = None
    if views.pooled_rp is not None:
        added = {"text_embeds": views.pooled_rp, "time_ids": views.time_ids_r6}

    def run() -> object:
        return model(
            views.x_nchw[views.sample_of_row_r].to(views.text_rld.dtype),
            views.timesteps_n[views.sample_of_row_r],
            encoder_hidden_states=views.text_rld,
            added_cond_kwargs=added,
            return_dict=False,
            adapter_names=names,
        )

    return (lambda: None, run)
