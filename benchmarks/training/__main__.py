"""`python -m benchmarks.training [--model demo|sd15|sdxl] [--device cpu|cuda] [--jobs 8] --json`

Every figure is a ratio of ways that took turns in one run, so a busy machine is busy for all of them.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stdout

import torch

from benchmarks.circumstances import machine
from benchmarks.training import engine
from benchmarks.training.parts import Parts
from benchmarks.training.pool import through_the_pool
from benchmarks.training.workload import Workload

PARTS = ("throughput", "gradients", "memory", "pool")
"""`pool` needs Ray, PostgreSQL and S3."""
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


def arguments(given: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training", description=__doc__)
    parser.add_argument("--model", choices=("demo", "sd15", "sdxl"), default="demo")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--dtype", choices=tuple(DTYPES), default=None, help="default: bfloat16 on cuda, else float32")
    parser.add_argument("--jobs", type=int, default=8)
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--side", type=int, default=0, help="picture side in pixels; default: the model's own")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=0, help="CPU threads; default: torch's own choice")
    parser.add_argument("--no-compiled", action="store_true", help="leave out diffusers' compiled loop")
    parser.add_argument("--steps", type=int, default=40, help="of each job that is measured through the pool")
    parser.add_argument("--small-jobs", type=int, default=32, help="jobs that share the pool's start")
    parser.add_argument("--json", action="store_true", help="one line of JSON instead of a table")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="leave out the other parts")
    parser.add_argument("--only-memory-of", choices=("packed", "solo"), help=argparse.SUPPRESS)
    return parser.parse_args(given)


def workload(options: argparse.Namespace) -> Workload:
    name = options.dtype or ("bfloat16" if options.device == "cuda" else "float32")
    return Workload.of(options.model, options.device, DTYPES[name], options.jobs, options.rank, options.side)


def measure(options: argparse.Namespace, given: list[str]) -> engine.Fields:
    """All fields; those through the pool for the demo base on a CPU, which is what a pool can be started on at once."""
    parts, began = Parts(), time.perf_counter()
    work = workload(options)
    ways: dict[str, Callable[[], engine.Fields]] = {
        "throughput": lambda: engine.throughput(work, options.rounds, not options.no_compiled),
        "gradients": lambda: engine.gradients(work),
        "memory": lambda: engine.peak_memory(work, given),
    }
    fields: engine.Fields = {}
    for name in [name for name in ways if name in options.only]:
        with parts.part(name):
            fields |= ways[name]()
    base = work.subject.base
    fields |= {"model": options.model, "trained_base": str(work.subject.trained), "jobs": float(options.jobs)}
    if options.model == "demo" and options.device == "cpu" and "pool" in options.only:
        threads = torch.get_num_threads()
        fields |= through_the_pool(options.jobs, options.steps, options.small_jobs, threads, parts.part)
    fields |= {f"seconds_{name}": seconds for name, seconds in parts.seconds.items()}
    fields["seconds"] = round(time.perf_counter() - began, 1)
    device = torch.cuda.get_device_name() if base.device.type == "cuda" else "cpu"
    fields |= {name: str(value) for name, value in machine().items()}
    return fields | {"device": device, "dtype": str(base.dtype).removeprefix("torch.")}


def main(given: list[str]) -> None:
    options = arguments(given)
    if options.threads:
        torch.set_num_threads(options.threads)
    if options.only_memory_of:
        print(*engine.own_peak(lambda: workload(options), options.only_memory_of))
        return
    # Ray's own warnings are no part of the answer.
    with redirect_stdout(sys.stderr):
        fields = measure(options, given)
    if options.json:
        print(json.dumps(fields))
        return
    for name, value in fields.items():
        print(f"{name:32} {value:.4g}" if isinstance(value, float) else f"{name:32} {value}")


if __name__ == "__main__":
    main(sys.argv[1:])
