"""The nouns of the generation engine: what is asked, what comes back, and what a caller holds meanwhile.

Ids are opaque: the engine never learns who an account is or whose face an adapter holds.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray


class RequestId(str):
    """Names one generation request; unique among those the engine holds."""


class AccountId(str):
    """Names the account that queue time is shared between."""


class AdapterId(str):
    """Names one adapter; the engine's loader turns it into bytes."""


Picture = NDArray[np.uint8]
"""An RGB picture, `[height, width, 3]`."""


class Sampler(StrEnum):
    """The denoising methods a row may choose; each equals the diffusers scheduler of the same name."""

    DDIM = "ddim"
    EULER = "euler"
    EULER_ANCESTRAL = "euler_ancestral"
    DPMPP_2M = "dpmpp_2m"
    DPMPP_2M_KARRAS = "dpmpp_2m_karras"


@dataclass(frozen=True, slots=True)
class Size:
    """Height and width of a picture in pixels."""

    height: int
    width: int

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"


@dataclass(frozen=True, slots=True)
class Partial:
    """A picture of what the request looks like so far: the model's guess of the finished latents, decoded."""

    id: RequestId
    index: int
    step: int
    image: Picture


PartialCallback = Callable[[Partial], None]
StepCallback = Callable[[int, int], None]
"""Called with (steps done, steps in all) after each step of the request; it must return at once."""


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """One picture to make.

    `guidance` of 1 or less runs without a negative prompt and costs half. `deadline` is a reading of the engine's
    clock (`time.monotonic` unless told otherwise) after which nobody wants the picture. `partial_images` previews
    are spread evenly over the steps. The prompt is not part of the printed form.
    """

    id: RequestId
    account: AccountId
    prompt: str = field(repr=False)
    adapter_id: AdapterId | None = None
    negative_prompt: str = field(default="", repr=False)
    guidance: float = 5.0
    seed: int = 0
    steps: int = 25
    sampler: Sampler = Sampler.DDIM
    size: Size = Size(512, 512)
    deadline: float | None = None
    partial_images: int = 0


@dataclass(frozen=True, slots=True)
class GenerationResult:
    """A finished picture, with how long it waited and ran (seconds) and how many engine steps it watched go by.

    `exact` is the picture before rounding, from 0 to 1, where the engine is configured to hand it back.
    """

    id: RequestId
    image: Picture
    steps: int
    waited_s: float
    denoised_s: float
    decoded_s: float
    join_wait_steps: int
    exact: NDArray[np.float32] | None = None


@dataclass(frozen=True, slots=True)
class Ticket:
    """What `submit` returns: the future of the result. Cancel through `Engine.cancel`, not through the future."""

    id: RequestId
    future: Future[GenerationResult]
