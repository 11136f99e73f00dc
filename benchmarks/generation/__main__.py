"""Measures the generation engine and every baseline in one run, and prints JSON with `--json`."""

from __future__ import annotations

import argparse
import json
import platform
import time
import warnings
from collections.abc import Callable
from typing import Any

import diffusers
import peft
import torch
from diffusers.utils import logging as diffusers_logging

from benchmarks.circumstances import machine
from benchmarks.generation import pictures, steps, swaps, traffic
from benchmarks.generation.bases import ATTENTION, Subject, load
from serve_apps.engine.config import Execution

BARS: dict[str, tuple[str, float]] = {
    "mixed_over_base": (">=", 0.85),
    "mixed_over_identical": (">=", 0.97),
    "mixed_over_hotswap": (">=", 1.3),
    "mixed_over_load_unload": (">=", 2.0),
    "mixed_over_peft": (">=", 1.3),
    "activation_over_diffusers_load": (">=", 100.0),
    "recompiles_per_1000_swaps": ("<=", 0.0),
    "join_wait_steps_max": ("<=", 1.0),
    "p99_over_static_batching": ("<=", 0.6),
    "memory_growth_mb_per_10000_swaps": ("<=", 1.0),
    "max_abs_diff_vs_diffusers": ("<=", 1e-4),
    "max_abs_diff_alone_vs_mixed": ("<=", 1e-4),
}
"""The bar on a 2-core CPU with the demo base in single precision."""


def main() -> None:
    """Run what the arguments ask for."""
    asked = _arguments()
    warnings.filterwarnings("ignore")
    diffusers_logging.set_verbosity_error()
    diffusers_logging.disable_progress_bar()
    if asked.threads:
        torch.set_num_threads(asked.threads)
    began = time.perf_counter()
    report = _measure(asked)
    report["seconds"] = round(time.perf_counter() - began, 1)
    report["bars"] = {name: _verdict(report, name) for name in BARS if name in report}
    if asked.json:
        print(json.dumps(report))
    else:
        for name, value in report.items():
            print(f"{name:36} {value}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.generation", description=__doc__)
    parser.add_argument("--model", choices=("demo", "sd15", "sdxl"), default="demo")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--dtype", choices=("float32", "bfloat16", "float16"), default="float32")
    parser.add_argument("--users", type=int, default=16)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--rank", type=int, default=8)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--sequential", type=int, default=0, help="pictures per baseline round (default: users)")
    parser.add_argument("--requests", type=int, default=100, help="requests of the traffic measurements")
    parser.add_argument("--swaps", type=int, default=10_000)
    parser.add_argument("--registered", type=int, default=10_000)
    parser.add_argument("--threads", type=int, default=0, help="torch threads (default: torch's own choice)")
    parser.add_argument(
        "--only", nargs="*", choices=tuple(PARTS), default=[], help="the parts to measure (default: all)"
    )
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def _measure(asked: argparse.Namespace) -> dict[str, Any]:
    subject = load(asked.model, asked.device, getattr(torch, asked.dtype), asked.rank)
    report = _circumstances(asked, subject.trained)
    report["part_seconds"] = {}
    for part in asked.only or PARTS:
        began = time.perf_counter()
        report |= PARTS[part](subject, asked)
        report["part_seconds"][part] = round(time.perf_counter() - began, 1)
    return report


def _steps(subject: Subject, asked: argparse.Namespace) -> dict[str, Any]:
    return steps.measure(subject, asked.users, asked.repeats, Execution.EAGER, asked.device)


def _pictures(subject: Subject, asked: argparse.Namespace, execution: Execution = Execution.EAGER) -> dict[str, Any]:
    rounds = max(1, asked.repeats // 3)
    return pictures.speed(subject, asked.users, asked.steps, asked.sequential or asked.users, rounds, execution)


def _differences(subject: Subject, asked: argparse.Namespace) -> dict[str, Any]:
    return pictures.differences(subject, asked.users, asked.steps)


def _swaps(subject: Subject, asked: argparse.Namespace) -> dict[str, Any]:
    found = swaps.activation(subject, asked.repeats)
    return found | {"memory_growth_mb_per_10000_swaps": swaps.memory_growth(subject, asked.swaps)}


def _traffic(subject: Subject, asked: argparse.Namespace) -> dict[str, Any]:
    waited = {"join_wait_steps_max": traffic.join_wait(subject, asked.users, asked.steps)}
    latency = traffic.latency(subject, asked.users, asked.steps, asked.requests, Execution.EAGER)
    return waited | latency | traffic.zipf(subject, asked.users, asked.steps, asked.requests, asked.registered)


def _compiled(subject: Subject, asked: argparse.Namespace) -> dict[str, Any]:
    execution = Execution.GRAPHED if asked.device == "cuda" else Execution.COMPILED
    found = steps.measure(subject, asked.users, asked.repeats, execution, asked.device)
    found |= _pictures(subject, asked, execution)
    swapped = swaps.recompiles(subject, asked.users, min(1000, asked.swaps), execution)
    return {"compiled": found, "recompiles_per_1000_swaps": swapped}


PARTS: dict[str, Callable[[Subject, argparse.Namespace], dict[str, Any]]] = {
    "steps": _steps,
    "pictures": _pictures,
    "differences": _differences,
    "swaps": _swaps,
    "traffic": _traffic,
    "compiled": _compiled,
}


def _circumstances(asked: argparse.Namespace, trained: bool) -> dict[str, Any]:
    return {
        "model": asked.model,
        "weights": "trained" if trained else "random",
        "device": asked.device,
        "device_name": torch.cuda.get_device_name() if asked.device == "cuda" else platform.processor() or "cpu",
        "dtype": asked.dtype,
        "machine": machine(),
        "threads": torch.get_num_threads(),
        "users": asked.users,
        "rows": 2 * asked.users,
        "steps": asked.steps,
        "adapter": {"rank": asked.rank, "targets": list(ATTENTION)},
        "versions": {"torch": torch.__version__, "diffusers": diffusers.__version__, "peft": peft.__version__},
    }


def _verdict(report: dict[str, Any], name: str) -> dict[str, Any]:
    sign, bar = BARS[name]
    met = report[name] >= bar if sign == ">=" else report[name] <= bar
    return {"bar": f"{sign} {bar}", "met": bool(met)}


if __name__ == "__main__":
    main()
