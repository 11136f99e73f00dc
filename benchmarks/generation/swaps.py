"""Bringing an adapter from host memory into the batch: how long, how much is compiled again, how much memory stays."""

from __future__ import annotations

import gc
import time
from statistics import median
from typing import Any

import psutil

from benchmarks.generation.bases import Subject
from benchmarks.generation.pictures import state
from benchmarks.generation.requests import config_for, finish, one
from serve_apps.engine.config import Execution
from serve_apps.engine.engine import Engine
from serve_apps.engine.stacks import Stacks

_MB = 1 << 20


def activation(subject: Subject, repeats: int) -> dict[str, Any]:
    """Milliseconds from host memory to a row of the batch, and how many times faster than diffusers' loading."""
    stacks = Stacks(subject.copy(), config_for(subject, 4, Execution.EAGER))
    parsed = [stacks.parse(subject.fetch(subject.adapter(n))) for n in range(4)]
    slot = stacks.slots_for(parsed[0])[0]
    ours: list[float] = []
    for n in range(max(50, repeats)):
        stacks.for_denoising([0])
        began = time.perf_counter()
        stacks.load(slot, parsed[n % 4])
        stacks.for_denoising([slot])
        ours.append(1000 * (time.perf_counter() - began))
        stacks.evict(slot)
    pipeline = subject.pipeline()
    states = [state(subject, subject.adapter(n)) for n in range(4)]
    theirs: list[float] = []
    for n in range(max(5, repeats)):
        began = time.perf_counter()
        pipeline.load_lora_weights(dict(states[n % 4]), adapter_name="person")
        theirs.append(1000 * (time.perf_counter() - began))
        pipeline.unload_lora_weights()
    return {
        "activation_ms_p50": median(ours),
        "diffusers_load_ms_p50": median(theirs),
        "activation_over_diffusers_load": median(theirs) / median(ours),
    }


def recompiles(subject: Subject, users: int, swaps: int, execution: Execution) -> float:
    """How many graphs were compiled per 1,000 swaps, after warm-up, while adapters and users come and go."""
    engine = Engine(subject.copy(), config_for(subject, users, execution), subject.fetch)
    engine.warm()
    before = engine.stats()
    while (done := engine.stats().loads - before.loads) < swaps:
        asked = [one(subject, subject.adapter((done + n) % (6 * users)), 1, seed=n) for n in range(2 * users)]
        finish(engine, [engine.submit(request).future for request in asked])
    found = 1000 * (engine.stats().recompiles - before.recompiles) / done
    engine.close()
    return found


def memory_growth(subject: Subject, swaps: int) -> float:
    """Megabytes that resident memory grew per 10,000 swaps, after as many as a tenth of them warmed up."""
    stacks = Stacks(subject.copy(), config_for(subject, 4, Execution.EAGER))
    parsed = [stacks.parse(subject.fetch(subject.adapter(n))) for n in range(8)]
    slots = list(stacks.slots_for(parsed[0]))[:4]
    process = psutil.Process()

    def swap(count: int) -> int:
        for n in range(count):
            slot = slots[n % len(slots)]
            stacks.evict(slot)
            stacks.load(slot, parsed[n % len(parsed)])
            stacks.for_denoising([slot, 0, slot])
        gc.collect()
        return int(process.memory_info().rss)

    before = swap(max(100, swaps // 10))
    return (swap(swaps) - before) / _MB * 10_000 / swaps
