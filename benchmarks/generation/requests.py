"""Requests and engine sizes that all measurements share."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable
from concurrent.futures import Future
from typing import Any

from benchmarks.generation.bases import ATTENTION, Subject
from serve_apps.engine.config import EngineConfig, Execution
from serve_apps.engine.engine import Engine
from serve_apps.engine.model import AccountId, AdapterId, GenerationRequest, RequestId, Sampler, Size

_numbers = itertools.count()
GUIDANCE = 3.0


def config_for(subject: Subject, users: int, execution: Execution, **changes: Any) -> EngineConfig:
    """An engine whose batch holds `users` guided requests."""
    rows = 2 * users
    defaults: dict[str, Any] = {
        "sizes": (Size(subject.side, subject.side),),
        "max_rows": rows,
        "row_buckets": (rows,),
        "execution": execution,
        "slots": rows,
        "rank_buckets": (subject.rank,),
        "targets": ATTENTION,
        "max_waiting": 100_000,
        "exact_pictures": True,
        "decode_batch": users,
    }
    return EngineConfig(**{**defaults, **changes})


def one(subject: Subject, adapter: AdapterId | None, steps: int, seed: int, **changes: Any) -> GenerationRequest:
    """One guided request."""
    defaults: dict[str, Any] = {
        "id": RequestId(f"r{next(_numbers)}"),
        "account": AccountId(f"a{seed % 7}"),
        "prompt": "a portrait, smiling",
        "negative_prompt": "blur",
        "adapter_id": adapter,
        "guidance": GUIDANCE,
        "seed": seed,
        "steps": steps,
        "sampler": Sampler.DDIM,
        "size": Size(subject.side, subject.side),
    }
    return GenerationRequest(**{**defaults, **changes})


def make(subject: Subject, users: int, steps: int, *, distinct: bool) -> list[GenerationRequest]:
    """`users` requests, each with an adapter of its own or all with the same."""
    return [one(subject, subject.adapter(user if distinct else 0), steps, seed=user) for user in range(users)]


def finish(engine: Engine, futures: Iterable[Future[Any]]) -> None:
    """Step the engine until all futures are done."""
    waiting = list(futures)
    while waiting:
        if not engine.step():
            # Only adapters on their way to host memory are waited for here.
            time.sleep(0.0005)
        waiting = [future for future in waiting if not future.done()]


def run_all(engine: Engine, requests: list[GenerationRequest]) -> float:
    """Seconds from the first request to the last picture."""
    began = time.perf_counter()
    finish(engine, [engine.submit(request).future for request in requests])
    return time.perf_counter() - began
