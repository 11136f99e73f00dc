"""What the worker asks of a packed trainer; `engine_pack.py` answers with `training.engine`.

All calls are made on the worker's device thread, one at a time.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from governance.ids import JobId
from training.album import Pixels
from training.jobs import Recipe


@dataclass(frozen=True, slots=True)
class Prior:
    """Regularisation pictures of other people, uint8 [n, side, side, 3], each with a caption."""

    pixels: Pixels = field(repr=False)
    captions: Sequence[str]


@dataclass(frozen=True, slots=True)
class Stepped:
    """One job after a step: `step` steps are behind it, `loss` of the last one, `done` when it was the last.
    Not `finite`: the job diverged, has left the pack and was zeroed."""

    step: int
    loss: float
    done: bool
    finite: bool = True


class Pack(Protocol):
    """Several people's adapters trained in one pass over a shared frozen base."""

    @property
    def side(self) -> int:
        """The base model's own picture size in pixels, for recipes that name none."""

    def join(
        self,
        id: JobId,
        recipe: Recipe,
        pixels: Pixels,
        captions: Sequence[str],
        state: bytearray | None = None,
        prior: Prior | None = None,
    ) -> int:
        """Encode pixels (uint8 [photos, side, side, 3]) and captions once and take a slot; gives the step it stands
        at, which is not 0 when `state` is a checkpoint. A recipe with a `prior_weight` and no `prior` gets pictures
        that the base model makes of people in general. `TooLarge` when it does not fit the device or its rank does
        not fit the stack."""

    def step(self) -> Mapping[JobId, Stepped]:
        """One step of every job that is not done. `OutOfMemory` leaves everything as it was before."""

    def leave(self, id: JobId) -> None:
        """Free the slot and zero all of the job's tensors in place; an unknown id is no error."""

    def export(self, id: JobId) -> bytearray:
        """The adapter as LoRA safetensors in the diffusers layout."""

    def checkpoint(self, id: JobId) -> bytearray:
        """All that is needed to go on bit for bit."""

    def sample(self, id: JobId, prompts: Sequence[str], steps: int, guidance: float, seed: int) -> Iterator[None]:
        """Pictures by the job's adapter, one denoising step each time; `take_pictures` has them at the end."""

    def take_pictures(self, id: JobId) -> Pixels:
        """What the last `sample` of this job made, uint8 [prompts, height, width, 3]; none when the job has left."""


class OutOfMemory(Exception):
    """The device has no room for this step."""
