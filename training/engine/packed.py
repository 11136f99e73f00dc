"""Many people's adapters trained in one forward and backward pass over a shared frozen base.

    trainer = PackedTrainer(base, PackConfig(slots=8, rank=16))
    trainer.join("job_1", spec, encode(base, spec, pixels, captions))
    while not trainer.step()["job_1"].done: ...
    file = trainer.export("job_1")
    trainer.leave("job_1")

Jobs join and leave between steps; what one does changes nothing for the others. Each has its own slot, chance, rate,
step count and optimizer state, and every row of a pass reads its own job's adapter alone. Jobs of different picture
sizes take turns within a step. One thread uses a trainer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import groupby
from math import isfinite

import torch
from torch import Tensor

from training.engine import checkpoint
from training.engine.base import BaseModel
from training.engine.data import TrainingData
from training.engine.draws import Rows
from training.engine.errors import EngineError, OutOfMemory, PackFull
from training.engine.formats import AdapterWeights, to_diffusers
from training.engine.member import Member, admit, first_weights
from training.engine.noise import NoiseSchedule
from training.engine.objective import Objective, Segment
from training.engine.optimizer import StackedAdamW
from training.engine.sharding import Shard
from training.engine.spec import TrainingSpec
from training.engine.stack import AdapterStack
from training.engine.targets import Patterns, TargetSet


@dataclass(frozen=True, slots=True)
class PackConfig:
    """`rank` is the largest a job may have. `max_rows` bounds the rows of one pass (0: no bound); a step with more
    makes several passes. `autocast` computes in a lower precision (bfloat16) over single-precision adapters."""

    slots: int = 8
    rank: int = 16
    targets: TargetSet | Patterns = TargetSet.ALL
    text_encoder: bool = True
    max_rows: int = 0
    autocast: torch.dtype | None = None
    gradient_checkpointing: bool = False
    fuse: bool = True


@dataclass(frozen=True, slots=True)
class StepReport:
    """One job after a step. With a `failed` reason the job is out of the pack already, and its slot zeroed."""

    step: int
    loss: float
    done: bool
    failed: str | None = None


class PackedTrainer:
    """A pack over one base model, which nothing else uses meanwhile; with a `shard`, one of several workers' that step
    together."""

    def __init__(self, base: BaseModel, config: PackConfig | None = None, shard: Shard | None = None) -> None:
        self.base, self.config, self._shard = base, config or PackConfig(), shard
        if self.config.gradient_checkpointing:
            base.unet.enable_gradient_checkpointing()
        targets = self.config.targets
        if not self.config.text_encoder and not isinstance(targets, TargetSet):
            targets = {"unet": targets["unet"]}
        modules = base.modules if self.config.text_encoder else {"unet": base.unet}
        self.stack = AdapterStack.attach(modules, targets, self.config.slots, self.config.rank, fuse=self.config.fuse)
        self._optimizer = StackedAdamW(self.stack)
        schedule = NoiseSchedule(base.scheduler_config, base.device)
        self._objective = Objective(base, self.stack, schedule, self.config.autocast)
        self._members: dict[str, Member] = {}

    def __contains__(self, id: str) -> bool:
        return id in self._members

    def __len__(self) -> int:
        return len(self._members)

    def join(self, id: str, spec: TrainingSpec, data: TrainingData, resume: bytes | bytearray | None = None) -> int:
        """Take a slot, fresh or from a checkpoint; gives the step the job stands at.

        Raises `PackFull`, `RankTooLarge`, `InvalidTraining`, `CheckpointMismatch`; the pack is then as it was.
        """
        if id in self._members:
            raise EngineError(f"{id} is in this pack already")
        if len(self._members) >= self.config.slots:
            raise PackFull(f"all {self.config.slots} slots are taken; wait until a job leaves")
        member = admit(self.base, self.stack, spec, data, slot=len(self._members) + 1)
        if resume is None:
            self.stack.load(member.slot, first_weights(member))
        else:
            self._resume(member, resume)
        self._members[id] = member
        return member.step

    def step(self) -> dict[str, StepReport]:
        """One step of every job that is not done.

        A job whose loss or gradient is not finite is expelled, with the reason in its report. `OutOfMemory`: nothing
        was changed.
        """
        active = {id: member for id, member in self._members.items() if not member.done}
        if not active:
            return {}
        losses = self._pass_all(list(active.values()))
        for member in active.values():
            self._optimizer.prepare(member.slot, member.portions)
        norms = self._optimizer.norms([member.slot for member in active.values()])
        measured = torch.stack([losses, norms.to(losses.dtype)]).tolist()
        reports = {}
        for (id, member), loss, norm in zip(active.items(), *measured, strict=True):
            reports[id] = self._update(member, loss, norm)
        for id, report in reports.items():
            if report.failed:
                self.leave(id)
        return reports

    def gradients(self) -> dict[str, Tensor]:
        """What the next step's gradients will be, [size] in the stack's layout, for looking at; no step is made."""
        members = {id: member for id, member in self._members.items() if not member.done}
        before = {id: member.chance.state for id, member in members.items()}
        self._pass_all(list(members.values()))
        found = {}
        for id, member in members.items():
            found[id] = self._optimizer.gradients[member.slot].clone()
            self._optimizer.gradients[member.slot].zero_()
            member.chance.state = before[id]
        return found

    def leave(self, id: str) -> None:
        """Free the slot and zero all of the job's tensors; an unknown id is no error."""
        member = self._members.pop(id, None)
        if member is None:
            return
        member.data.wipe()
        self.stack.clear(member.slot)
        self._optimizer.clear(member.slot)
        # Slots in use stay neighbours, so that no pass has to gather matrices.
        last = max(self._members.values(), key=lambda other: other.slot, default=None)
        if last is not None and last.slot > member.slot:
            self._move(last, member.slot)

    def close(self) -> None:
        """Everybody leaves, and the base model is as it was."""
        for id in list(self._members):
            self.leave(id)
        self.stack.detach()

    def weights(self, id: str) -> AdapterWeights:
        """A copy of the job's adapter as it is now."""
        member = self._member(id)
        return self.stack.read(member.slot, member.sites, member.spec.rank)

    def export(self, id: str) -> bytearray:
        """The adapter as LoRA safetensors in the diffusers layout."""
        weights = self.weights(id)
        try:
            return to_diffusers(weights)
        finally:
            weights.wipe()

    def checkpoint(self, id: str) -> bytearray:
        """All that is needed to go on bit for bit."""
        return checkpoint.save(self._member(id), self.stack.layout, self._state())

    def serving(self, id: str) -> AbstractContextManager[None]:
        """Within it, the base model runs with this job's adapter, for previews; no step meanwhile."""
        return self.stack.serving(self._member(id).slot)

    def _member(self, id: str) -> Member:
        if id not in self._members:
            raise EngineError(f"{id} is not in this pack")
        return self._members[id]

    def _state(self) -> dict[str, Tensor]:
        return {"weights": self.stack.rows, "mean": self._optimizer.means, "square": self._optimizer.squares}

    def _resume(self, member: Member, data: bytes | bytearray) -> None:
        try:
            checkpoint.restore(data, member, self.stack.layout, self._state())
        except EngineError:
            self.stack.clear(member.slot)
            self._optimizer.clear(member.slot)
            raise
        self.stack.changed(member.slot)

    def _move(self, member: Member, slot: int) -> None:
        self.stack.rows[slot].copy_(self.stack.rows[member.slot])
        self.stack.changed(slot)
        self._optimizer.move(member.slot, slot)
        self.stack.clear(member.slot)
        member.slot = slot

    def _pass_all(self, members: Sequence[Member]) -> Tensor:
        """Every member's loss, its gradients added to the stack's; all or nothing."""
        before = [member.chance.state for member in members]
        try:
            return self._passes(members)
        except BaseException as error:
            for member, state in zip(members, before, strict=True):
                member.chance.state = state
                self._optimizer.gradients[member.slot].zero_()
            if _out_of_memory(error):
                raise OutOfMemory("the device has no room for this step; nothing was changed") from error
            raise
        finally:
            for component in self.base.modules:
                self.stack.select(component, None)

    def _passes(self, members: Sequence[Member]) -> Tensor:
        timesteps = self._objective.schedule.timesteps
        drawn = [(member, self._share(member.draw(timesteps))) for member in sorted(members, key=_slot)]
        segments = [Segment(m.slot, rows, m.data, m.spec.text_encoder) for m, rows in drawn if len(rows)]
        losses = torch.zeros(self.config.slots + 1, device=self.base.device)
        with torch.enable_grad():
            for chunk in chunks(segments, self.config.max_rows):
                row_losses = self._objective.losses(chunk)
                row_losses.sum().backward()  # type: ignore[no-untyped-call]
                of_rows = torch.tensor([s.slot for s in chunk for _ in range(len(s.rows))], device=losses.device)
                losses.index_add_(0, of_rows, row_losses.detach())
        if self._shard is not None:
            self._shard.add(losses)
            self._shard.add(self._optimizer.gradients)
        return losses[[member.slot for member in members]]

    def _share(self, rows: Rows) -> Rows:
        return rows if self._shard is None else self._shard.part(rows)

    def _update(self, member: Member, loss: float, norm: float) -> StepReport:
        if not isfinite(loss) or not isfinite(norm):
            what = "loss" if not isfinite(loss) else "gradient"
            return StepReport(member.step, loss, False, f"the {what} was not finite at step {member.step + 1}")
        self._optimizer.clip(member.slot, norm, member.spec.max_grad_norm)
        self._optimizer.update(member.slot, member.step, member.spec, member.portions)
        member.step += 1
        return StepReport(member.step, loss, member.done)


def chunks(segments: Sequence[Segment], max_rows: int) -> Iterator[list[Segment]]:
    """Segments of one latent shape at a time, cut so that no chunk has more rows than allowed."""
    by_shape = sorted(segments, key=_shape)
    for _, alike in groupby(by_shape, key=_shape):
        chunk: list[Segment] = []
        room = max_rows
        for segment in alike:
            begin = 0
            while begin < len(segment.rows):
                count = min(room, len(segment.rows) - begin) if max_rows else len(segment.rows)
                rows = segment.rows.part(begin, begin + count)
                chunk.append(Segment(segment.slot, rows, segment.data, segment.adapted_text))
                begin, room = begin + count, room - count
                if max_rows and not room:
                    yield chunk
                    chunk, room = [], max_rows
        if chunk:
            yield chunk


def _slot(member: Member) -> int:
    return member.slot


def _shape(segment: Segment) -> tuple[int, ...]:
    return tuple(segment.rows.latents.shape[1:])


def _out_of_memory(error: BaseException) -> bool:
    # The CPU's allocator raises a plain RuntimeError.
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or "can't allocate memory" in str(error)
