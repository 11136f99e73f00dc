"""Requests that arrive when they like: waiting for the batch, tail latency, and ten thousand people's adapters."""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from statistics import quantiles
from typing import Any

from benchmarks.generation.bases import Subject
from benchmarks.generation.requests import config_for, one, run_all
from serve_apps.engine.config import Execution
from serve_apps.engine.engine import Engine
from serve_apps.engine.model import AdapterId, GenerationRequest

Arrivals = list[tuple[float, GenerationRequest]]
Waiting = deque[tuple[float, GenerationRequest]]
Release = Callable[[Waiting, int], Arrivals]
"""Of what waits, while so many run, what the engine is given now."""


def latency(subject: Subject, users: int, steps: int, requests: int, execution: Execution) -> dict[str, Any]:
    """The 99th percentile of latency at 80 % of capacity, against batches that start and end together.

    Arrivals are a Poisson process; requests ask for between half and one and a half times `steps`. A static batch takes
    what waits and is one call of a pipeline: everybody runs as many steps as the longest, and all leave together
    (request-level scheduling in G. Yu et al., "Orca", OSDI 2022). Beside it stands a harder peer that no pipeline is,
    whose requests leave after their own steps, while nobody joins before the last has left.
    """
    rng = random.Random(0)
    engine = Engine(subject.copy(), config_for(subject, users, execution), subject.fetch)
    engine.warm()
    mixture = [rng.randrange(max(1, steps // 2), steps + steps // 2 + 1) for _ in range(requests)]
    run_all(engine, [one(subject, subject.adapter(n), 2, seed=n) for n in range(users)])
    rehearsal = [one(subject, subject.adapter(n % users), mixture[n % requests], seed=n) for n in range(3 * users)]
    capacity = len(rehearsal) / run_all(engine, rehearsal)
    at, arrivals = 0.0, []
    for n in range(requests):
        at += rng.expovariate(0.8 * capacity)
        arrivals.append((at, n))

    def fresh() -> Arrivals:
        return [(at, one(subject, subject.adapter(n % (2 * users)), mixture[n], seed=n)) for at, n in arrivals]

    continuous, waits = _serve(engine, fresh(), _all_at_once)
    static, _ = _serve(engine, fresh(), partial(_static, users, to_the_end=True))
    leaving_early, _ = _serve(engine, fresh(), partial(_static, users, to_the_end=False))
    engine.close()
    p99 = {"continuous": _p99(continuous), "static": _p99(static), "static_leaving_early": _p99(leaving_early)}
    return {
        "capacity_pictures_per_s": capacity,
        "p99_latency_s": p99,
        "p99_over_static_batching": p99["continuous"] / p99["static"],
        "p99_over_static_leaving_early": p99["continuous"] / p99["static_leaving_early"],
        "join_wait_steps_seen_under_load": max(waits),
    }


def join_wait(subject: Subject, users: int, steps: int) -> int:
    """How many steps a request watches go by before it takes part, while there is room; arrivals at any moment."""
    engine = Engine(subject.copy(), config_for(subject, users, Execution.EAGER), subject.fetch)
    run_all(engine, [one(subject, subject.adapter(n), 1, seed=n) for n in range(users)])
    engine.start()
    rng, futures = random.Random(1), []
    for n in range(users):
        futures.append(engine.submit(one(subject, subject.adapter(n), steps, seed=n)).future)
        time.sleep(rng.random() * 0.2)
    waits = [future.result().join_wait_steps for future in futures]
    engine.close()
    return max(waits)


def zipf(subject: Subject, users: int, steps: int, requests: int, registered: int) -> dict[str, Any]:
    """Throughput with `registered` adapters asked for by Zipf's law, against everyone asking for the same one."""
    rng = random.Random(2)
    weights = [1 / (rank + 1) for rank in range(registered)]
    drawn = rng.choices(range(registered), weights, k=requests)
    files = [subject.adapter(n) for n in range(16)]

    def fetch(id: AdapterId) -> bytearray:
        return subject.fetch(files[int(id.rpartition("-")[2]) % len(files)])

    def rate(adapters: list[int]) -> tuple[float, Engine]:
        engine = Engine(subject.copy(), config_for(subject, users, Execution.EAGER), fetch)
        run_all(engine, [one(subject, AdapterId("adapter-0"), 1, seed=n) for n in range(users)])
        asked = [one(subject, AdapterId(f"adapter-{n}"), steps, seed=i) for i, n in enumerate(adapters)]
        seconds = run_all(engine, asked)
        engine.close()
        return len(asked) / seconds, engine

    single, _ = rate([0] * requests)
    spread, engine = rate(drawn)
    return {
        "zipf_10000_over_single": spread / single,
        "zipf": {
            "registered": registered,
            "requests": requests,
            "distinct": len(set(drawn)),
            "loads": engine.stats().loads,
        },
    }


def _serve(engine: Engine, arrivals: Arrivals, release: Release) -> tuple[list[float], list[int]]:
    """Latencies and join waits; `release` says which of those that wait the engine is given now."""
    began = time.perf_counter()
    coming, waiting = deque(arrivals), deque[tuple[float, GenerationRequest]]()
    running: list[tuple[float, Future[Any]]] = []
    latencies, waits = [], []
    while coming or waiting or running:
        now = time.perf_counter() - began
        while coming and coming[0][0] <= now:
            waiting.append(coming.popleft())
        for at, request in release(waiting, len(running)):
            running.append((at, engine.submit(request).future))
        if not engine.step():
            time.sleep(0.001)
        for at, future in [pair for pair in running if pair[1].done()]:
            latencies.append(time.perf_counter() - began - at)
            waits.append(future.result().join_wait_steps)
        running = [pair for pair in running if not pair[1].done()]
    return latencies, waits


def _all_at_once(waiting: Waiting, running: int) -> Arrivals:
    return _taken(waiting, len(waiting))


def _static(users: int, waiting: Waiting, running: int, *, to_the_end: bool) -> Arrivals:
    if running or not waiting:
        return []
    batch = _taken(waiting, users)
    longest = max(request.steps for _, request in batch)
    return [(at, replace(request, steps=longest) if to_the_end else request) for at, request in batch]


def _taken(waiting: Waiting, most: int) -> Arrivals:
    return [waiting.popleft() for _ in range(min(most, len(waiting)))]


def _p99(latencies: list[float]) -> float:
    return quantiles(latencies, n=100, method="inclusive")[-1]
