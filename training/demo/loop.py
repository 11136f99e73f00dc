"""One training loop for every stage: seeded batches, warm-up and decay, an average of the weights, checkpoints."""

import copy
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import nn

Losses = dict[str, torch.Tensor]


@dataclass(frozen=True, slots=True)
class LoopConfig:
    """How long and how fast a stage learns. `decay_from` is the share of the steps after which the rate falls;
    `bfloat16` computes in it where torch deems it safe, the weights stay in single precision."""

    steps: int
    batch: int
    learning_rate: float
    warmup: int = 100
    decay_from: float = 0.6
    floor: float = 0.02
    weight_decay: float = 0.0
    clip: float = 1.0
    ema: float = 0.0
    seed: int = 0
    checkpoint_every: int = 200
    bfloat16: bool = False

    def rate(self, step: int) -> float:
        """The learning rate of a step: linear warm-up, constant, then a linear fall to `floor` of it."""
        warm = min(1.0, (step + 1) / max(1, self.warmup))
        start = self.decay_from * self.steps
        fall = min(1.0, max(0.0, (step - start) / max(1.0, self.steps - start)))
        return self.learning_rate * warm * (1.0 - fall * (1.0 - self.floor))


class Stage(Protocol):
    """What the loop needs to know: a module whose forward gives losses, and the batch of any step."""

    name: str
    objective: nn.Module

    def batch(self, size: int, generator: torch.Generator) -> tuple[torch.Tensor, ...]: ...


@dataclass(frozen=True, slots=True)
class Workers:
    """This process among those that train together; alone by default."""

    rank: int = 0
    size: int = 1
    device: torch.device = torch.device("cpu")
    wrap: Callable[[nn.Module], nn.Module] = lambda module: module


class Progress(Protocol):
    """Told about every step; the terminal and Ray Train implement it."""

    def step(self, stage: str, step: int, steps: int, losses: dict[str, float]) -> None: ...


class Silent:
    """Progress that nobody watches."""

    def step(self, stage: str, step: int, steps: int, losses: dict[str, float]) -> None:
        return None


class Trainer:
    """Runs one stage to its last step, from the last checkpoint when there is one."""

    def __init__(self, stage: Stage, config: LoopConfig, folder: Path, workers: Workers, progress: Progress) -> None:
        self.stage, self.config, self.workers, self.progress = stage, config, workers, progress
        self.path = folder / f"{stage.name}.pt"
        self._log = folder / f"{stage.name}.jsonl"
        self.module = stage.objective.to(workers.device)
        self.average = copy.deepcopy(self.module).requires_grad_(False) if config.ema else self.module
        self.parameters = [p for p in self.module.parameters() if p.requires_grad]
        self.optimizer = torch.optim.AdamW(
            self.parameters, config.learning_rate, betas=(0.9, 0.99), weight_decay=config.weight_decay, fused=True
        )
        self.step = 0
        self._sums: dict[str, float] = {}
        self._since, self._counted = time.monotonic(), 0

    def run(self, until: int | None = None) -> nn.Module:
        """Trains up to the last step, or to `until`; returns the averaged module."""
        self.resume()
        wrapped = self.workers.wrap(self.module)
        last = self.config.steps if until is None else min(until, self.config.steps)
        while self.step < last:
            losses = self._one(wrapped)
            self.step += 1
            self._note(losses)
            if self.step % self.config.checkpoint_every == 0 or self.step == last:
                self.save()
        return self.average

    def _generator(self) -> torch.Generator:
        """A fresh generator for this step and worker: a resumed run draws what an unbroken one would have."""
        generator = torch.Generator()
        generator.manual_seed((self.config.seed * 1_000_003 + self.step) * 1024 + self.workers.rank)
        return generator

    def _one(self, wrapped: nn.Module) -> Losses:
        rate = self.config.rate(self.step)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        share = max(1, self.config.batch // self.workers.size)
        generator = self._generator()
        torch.manual_seed(generator.initial_seed())
        batch = tuple(part.to(self.workers.device) for part in self.stage.batch(share, generator))
        with torch.autocast(self.workers.device.type, torch.bfloat16, enabled=self.config.bfloat16):
            losses: Losses = wrapped(*batch)
        self.optimizer.zero_grad(set_to_none=True)
        losses["loss"].backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.parameters, self.config.clip)
        self.optimizer.step()
        self._follow()
        return losses

    def _follow(self) -> None:
        """Lets the averaged weights follow; faster at the start, when the average is still of noise."""
        if not self.config.ema:
            return
        keep = min(self.config.ema, (1 + self.step) / (10 + self.step))
        mine: list[torch.Tensor] = list(self.average.parameters())
        torch._foreach_lerp_(mine, [p.detach() for p in self.module.parameters()], 1.0 - keep)

    def _note(self, losses: Losses) -> None:
        for name, value in losses.items():
            self._sums[name] = self._sums.get(name, 0.0) + float(value.detach())
        self._counted += 1
        if self.step % 50 == 0 or self.step == self.config.steps:
            mean = {name: round(total / self._counted, 5) for name, total in self._sums.items()}
            now = time.monotonic()
            mean["per_second"] = round(self._counted * self.config.batch / (now - self._since), 1)
            if self.workers.rank == 0:
                self._write(mean)
            self._sums, self._counted, self._since = {}, 0, now

    def _write(self, mean: dict[str, float]) -> None:
        self.progress.step(self.stage.name, self.step, self.config.steps, mean)
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("a") as log:
            log.write(json.dumps({"step": self.step, **mean}) + "\n")

    def save(self) -> None:
        """Writes everything a later run needs to go on; whole or not at all."""
        if self.workers.rank != 0:
            return
        state: dict[str, Any] = {
            "step": self.step,
            "module": self.module.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }
        if self.config.ema:
            state["average"] = self.average.state_dict()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        partial = self.path.with_suffix(".part")
        torch.save(state, partial)
        os.replace(partial, self.path)

    def resume(self) -> None:
        """Takes up the last checkpoint, when there is one."""
        if not self.path.exists():
            return
        state = torch.load(self.path, map_location=self.workers.device, weights_only=True)
        self.step = state["step"]
        self.module.load_state_dict(state["module"])
        self.optimizer.load_state_dict(state["optimizer"])
        if self.config.ema:
            self.average.load_state_dict(state["average"])
