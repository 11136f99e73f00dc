"""What travels between the ingress and the generator: ids, numbers and sealed bytes (I5).

    ingress ── Call(adapter, account, steps, sealed Order) ──▶ generator
            ◀── Progress · Preview(sealed PNG) · Finished(artifact id) · Failed(code) ──

Ray keeps arguments and results in its object store and its logs may print them: nothing here is readable there.
"""

import json
from dataclasses import asdict, dataclass, field
from typing import Protocol

from governance.model import ArtifactId, RunId, SubjectId
from serve_apps.engine.model import Sampler


class Transport(Protocol):
    """The key that the service's processes share; `governance.holder.Holder.transport` has it."""

    def seal(self, data: bytes) -> bytes: ...

    def open(self, sealed: bytes) -> bytearray: ...


@dataclass(frozen=True, slots=True)
class Place:
    """One person's part of a picture: made by their model, None the base, from a prompt of its own."""

    adapter: ArtifactId | None
    prompt: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Order:
    """Everything one request for pictures asks for. `width`, `height` in pixels; picture i has seed `seed + i`.
    `people`: those of a picture of several, from left to right, each `width` wide; empty for a picture of one.
    `trace`: the span that the pictures belong to."""

    subject: SubjectId
    run: RunId
    prompt_artifact: ArtifactId
    adapter: ArtifactId | None
    prompt: str = field(repr=False)
    negative_prompt: str = field(repr=False)
    images: int
    width: int
    height: int
    steps: int
    guidance: float
    seed: int
    sampler: Sampler
    partial_images: int
    deadline_s: float
    people: tuple[Place, ...] = field(default=(), repr=False)
    trace: str = ""

    @property
    def places(self) -> tuple[Place, ...]:
        """Of `people`, or the one place of the order's own model and prompt."""
        return self.people or (Place(self.adapter, self.prompt),)


@dataclass(frozen=True, slots=True)
class Call:
    """What Ray sees of an order. `steps` is its whole cost (rows times steps), for routing and scaling."""

    adapter: ArtifactId | None
    steps: int
    sealed_order: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far picture `index` is."""

    index: int
    step: int
    steps: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What picture `index` looks like so far: a PNG under the transport key."""

    index: int
    number: int
    sealed_png: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Finished:
    """Picture `index` is stored as an IMAGE artifact."""

    index: int
    artifact: ArtifactId
    seed: int


@dataclass(frozen=True, slots=True)
class Failed:
    """No picture `index`; see `errors.py` for the codes."""

    index: int
    code: str
    detail: str
    retry_after_s: float | None = None


Event = Progress | Preview | Finished | Failed


def seal_order(order: Order, transport: Transport) -> Call:
    """The order as it may travel."""
    plain = json.dumps(asdict(order)).encode()
    rows = order.images * len(order.places) * (2 if order.guidance > 1 else 1)
    return Call(order.adapter, order.steps * rows, transport.seal(plain))


def open_order(call: Call, transport: Transport) -> Order:
    """The order as it was given; the transport's error when it was changed on the way."""
    raw = json.loads(bytes(transport.open(call.sealed_order)))
    raw["subject"] = SubjectId(raw["subject"])
    raw["run"] = RunId(raw["run"])
    raw["prompt_artifact"] = ArtifactId(raw["prompt_artifact"])
    raw["adapter"] = ArtifactId(raw["adapter"]) if raw["adapter"] else None
    raw["people"] = tuple(Place(ArtifactId(each["adapter"]), each["prompt"]) for each in raw["people"])
    raw["sampler"] = Sampler(raw["sampler"])
    return Order(**raw)
