"""The bare engine: throughput packed, one at a time and by the plain loop; memory; differences of gradients."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from benchmarks.training.plain import PlainLoop
from benchmarks.training.workload import Workload
from training.engine.packed import PackedTrainer

Fields = dict[str, float | str | None]


def throughput(work: Workload, rounds: int, compiled: bool) -> Fields:
    """Time of one step of every job, by each way of making it."""
    packed, alone = work.pack(), work.pack(1)
    eager = PlainLoop(work)
    ways: dict[str, Callable[[], object]] = {
        "packed": packed.step,
        "sequential": _repeated(alone.step, work.jobs),
        "diffusers_eager": _repeated(eager.step, work.jobs),
    }
    if compiled:
        ways["diffusers_compiled"] = _repeated(PlainLoop(work).compiled().step, work.jobs)
    seconds = work.compare(ways, rounds)
    plain = min(taken for name, taken in seconds.items() if name.startswith("diffusers"))
    return {
        "packed_over_sequential": seconds["sequential"] / seconds["packed"],
        "packed_over_diffusers": plain / seconds["packed"],
        "packed_over_diffusers_eager": seconds["diffusers_eager"] / seconds["packed"],
        "packed_over_diffusers_compiled": seconds["diffusers_compiled"] / seconds["packed"] if compiled else None,
        "samples_per_s_packed": work.jobs / seconds["packed"],
    }


def _repeated(step: Callable[[], object], times: int) -> Callable[[], None]:
    def run() -> None:
        for _ in range(times):
            step()

    return run


def gradients(work: Workload) -> Fields:
    """The largest difference between a job's gradient in the pack and alone, over all jobs."""
    packed = work.pack().gradients()
    worst = 0.0
    for number in range(work.jobs):
        alone = _alone(work, number)
        worst = max(worst, float((packed[str(number)] - alone).abs().max()))
    return {"max_abs_grad_diff": worst}


def _alone(work: Workload, number: int) -> torch.Tensor:
    return work.pack(1, first=number).gradients()[str(number)]


def peak_memory(work: Workload, arguments: Sequence[str]) -> Fields:
    """Peak memory of the pack over one job with the same total batch.

    On an accelerator: bytes allocated there. On a CPU: what a process of its own grew by since its libraries were
    loaded; beside it all its resident memory (`peak_process_over_solo`), which the libraries dilute.
    """
    process = None
    if work.subject.base.device.type == "cuda":
        packed, solo = (_device_peak(work, kind) for kind in ("packed", "solo"))
    else:
        (packed_all, packed), (solo_all, solo) = (_process_peak(kind, arguments) for kind in ("packed", "solo"))
        process = packed_all / solo_all
    return {
        "peak_memory_over_solo": packed / solo,
        "peak_process_over_solo": process,
        "peak_memory_mb_packed": packed / 2**20,
        "peak_memory_mb_solo": solo / 2**20,
    }


def pack_of(work: Workload, kind: str) -> PackedTrainer:
    """`packed`: all jobs of batch 1; `solo`: one job with the batch of all of them. The base is there once."""
    base = work.subject.base
    return work.pack(base=base) if kind == "packed" else work.pack(1, batch=work.jobs, base=base)


def _device_peak(work: Workload, kind: str) -> float:
    trainer = pack_of(work, kind)
    torch.cuda.reset_peak_memory_stats()
    for _ in range(3):
        trainer.step()
    return float(torch.cuda.max_memory_allocated())


def _process_peak(kind: str, arguments: Sequence[str]) -> tuple[float, float]:
    command = [sys.executable, "-m", "benchmarks.training", *arguments, "--only-memory-of", kind]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=3600)
    peak, growth = done.stdout.split()[-2:]
    return float(peak), float(growth)


def own_peak(build: Callable[[], Workload], kind: str) -> tuple[float, float]:
    """Bytes this process had at most when it had built the base and trained a few steps, and what it grew by."""
    before = _resident()
    trainer = pack_of(build(), kind)
    for _ in range(3):
        trainer.step()
    return _resident(), _resident() - before


def _resident() -> float:
    """The peak so far; the kernel's own account of this program, where `getrusage` also counts what the parent had."""
    status = Path("/proc/self/status").read_text()
    return float(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) * 1024
