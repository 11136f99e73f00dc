"""Whole pictures: the engine's mixed batch against diffusers one at a time, in speed and in every pixel."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import safetensors.torch
import torch

from benchmarks.generation.bases import Subject
from benchmarks.generation.requests import GUIDANCE, config_for, finish, make, one, run_all
from serve_apps.engine.config import Execution
from serve_apps.engine.engine import Engine
from serve_apps.engine.model import AdapterId, GenerationRequest, Sampler
from serve_apps.engine.samplers import scheduler_for


def speed(
    subject: Subject, users: int, steps: int, sequential: int, repeats: int, execution: Execution
) -> dict[str, Any]:
    """Pictures per second of a mixed batch over those of diffusers' hot-swap and of loading and unloading.

    `sequential` pictures stand for the baselines, which make one after the other anyway.
    """
    engine = Engine(subject.copy(), config_for(subject, users, execution), subject.fetch)
    engine.warm()
    run_all(engine, make(subject, users, 2, distinct=True))
    baselines = {"hotswap": _hotswap(subject, steps, execution), "load_unload": _load_unload(subject, steps, execution)}
    ours: list[float] = []
    theirs: dict[str, list[float]] = {name: [] for name in baselines}
    for _ in range(repeats):
        ours.append(users / run_all(engine, make(subject, users, steps, distinct=True)))
        for name, picture in baselines.items():
            theirs[name].append(sequential / _timed(picture, sequential, subject))
    engine.close()
    found: dict[str, Any] = {"pictures_per_s": {"mixed": statistics.median(ours)}}
    for name, rates in theirs.items():
        found["pictures_per_s"][name] = statistics.median(rates)
        found[f"mixed_over_{name}"] = statistics.median(a / b for a, b in zip(ours, rates, strict=True))
    return found


def differences(subject: Subject, users: int, steps: int) -> dict[str, float]:
    """The largest difference of any pixel, from 0 to 1: against diffusers for every sampler, and against alone.

    `psnr_alone_vs_mixed_db` is of the worst picture, for half precision; left out when all are equal to the bit.
    """
    against_diffusers, against_alone, errors = 0.0, 0.0, [0.0]
    engine = Engine(subject.copy(), config_for(subject, users, Execution.EAGER), subject.fetch)
    samplers = [sampler for sampler in Sampler if _diffusers_can(subject, sampler)]
    asked = [
        one(subject, subject.adapter(n), steps + n % 3, seed=n, sampler=samplers[n % len(samplers)])
        for n in range(max(users, len(samplers)))
    ]
    tickets = [engine.submit(request) for request in asked]
    finish(engine, [ticket.future for ticket in tickets])
    mixed = [ticket.future.result().exact for ticket in tickets]
    for n, request in enumerate(asked[: len(samplers)]):
        against_diffusers = max(against_diffusers, _largest(mixed[n], _by_diffusers(subject, request)))
        again = one(subject, request.adapter_id, request.steps, request.seed, sampler=request.sampler)
        ticket = engine.submit(again)
        finish(engine, [ticket.future])
        alone = ticket.future.result().exact
        against_alone = max(against_alone, _largest(mixed[n], alone))
        errors.append(float(np.square(np.asarray(mixed[n]) - np.asarray(alone)).mean()))
    engine.close()
    found = {"max_abs_diff_vs_diffusers": against_diffusers, "max_abs_diff_alone_vs_mixed": against_alone}
    return found | ({"psnr_alone_vs_mixed_db": -10 * math.log10(max(errors))} if max(errors) else {})


def state(subject: Subject, id: AdapterId) -> dict[str, torch.Tensor]:
    """The adapter's tensors, as diffusers takes them from memory."""
    return safetensors.torch.load(bytes(subject.fetch(id)))


def _diffusers_can(subject: Subject, sampler: Sampler) -> bool:
    # Karras levels of a cosine schedule repeat its first timestep, and diffusers then runs out of steps.
    cosine = subject.base.scheduler_config.get("beta_schedule") == "squaredcos_cap_v2"
    return not (cosine and sampler is Sampler.DPMPP_2M_KARRAS)


def _largest(a: Any, b: Any) -> float:
    return float(np.abs(a - b).max())


def _by_diffusers(subject: Subject, request: GenerationRequest) -> Any:
    assert request.adapter_id is not None, "these requests are of people's models"
    pipeline = subject.pipeline()
    pipeline.load_lora_weights(state(subject, request.adapter_id))
    return _picture(pipeline, subject, request)


def _picture(pipeline: Any, subject: Subject, request: GenerationRequest) -> Any:
    pipeline.scheduler = scheduler_for(request.sampler, subject.base.scheduler_config)
    made = pipeline(
        prompt=request.prompt,
        negative_prompt=request.negative_prompt,
        guidance_scale=GUIDANCE,
        num_inference_steps=request.steps,
        generator=torch.Generator().manual_seed(request.seed),
        height=subject.side,
        width=subject.side,
        output_type="np",
    )
    return np.asarray(made.images[0])


def _timed(picture: Callable[[int], object], count: int, subject: Subject) -> float:
    began = time.perf_counter()
    for number in range(count):
        picture(number)
    return time.perf_counter() - began


def _hotswap(subject: Subject, steps: int, execution: Execution) -> Callable[[int], object]:
    pipeline = subject.pipeline()
    pipeline.enable_lora_hotswap(target_rank=subject.rank)
    states = _states(subject)
    pipeline.load_lora_weights(dict(states(0)), adapter_name="person")
    if execution is not Execution.EAGER:
        pipeline.unet.compile(dynamic=False)

    def picture(number: int) -> object:
        pipeline.load_lora_weights(dict(states(number)), hotswap=True, adapter_name="person")
        return _picture(pipeline, subject, one(subject, None, steps, seed=number))

    picture(0)
    return picture


def _load_unload(subject: Subject, steps: int, execution: Execution) -> Callable[[int], object]:
    # Loading the ordinary way replaces layers, so compiled code would be compiled again for every picture.
    pipeline = subject.pipeline()
    states = _states(subject)

    def picture(number: int) -> object:
        pipeline.load_lora_weights(dict(states(number)), adapter_name="person")
        made = _picture(pipeline, subject, one(subject, None, steps, seed=number))
        pipeline.unload_lora_weights()
        return made

    picture(0)
    return picture


def _states(subject: Subject) -> Callable[[int], dict[str, torch.Tensor]]:
    held: dict[int, dict[str, torch.Tensor]] = {}

    def get(number: int) -> dict[str, torch.Tensor]:
        if number not in held:
            held[number] = state(subject, subject.adapter(number))
        return held[number]

    return get
