"""The generator without Ray: an engine, and the holder through which adapters come in and pictures go out.

ingress ─ order ─▶ Generator ─ submit ─▶ Engine ── fetch(adapter) ─▶ AdapterGate ─ hold ─▶ Holder
                      │  ◀─ progress, previews, pictures ─┘  ◀─ drop ──────┘
                      └─ write IMAGE (parents: adapter, prompt) ─▶ Holder ─▶ finished
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import Protocol

from governance.errors import GovernanceError
from governance.model import Artifact, Kind, NewArtifact, Purpose
from governance.tracing import begin, fail, span
from serve_apps.engine.errors import EngineError
from serve_apps.engine.model import (
    AccountId,
    AdapterId,
    GenerationRequest,
    GenerationResult,
    Partial,
    PartialCallback,
    Picture,
    RequestId,
    Size,
    StepCallback,
    Ticket,
)
from serve_apps.generator.errors import GenerationFailed
from serve_apps.generator.failures import failure_of
from serve_apps.generator.pictures import png_of
from serve_apps.generator.reunion import side_by_side
from serve_apps.generator.wire import Event, Finished, Order, Preview, Progress, Transport

PROGRESS_EVERY_S = 0.5


class PictureEngine(Protocol):
    """The part of `serve_apps.engine.engine.Engine` that is used here."""

    def submit(
        self,
        request: GenerationRequest,
        on_partial: PartialCallback | None = None,
        on_step: StepCallback | None = None,
    ) -> Ticket: ...

    def cancel(self, id: RequestId) -> None: ...

    def drop_adapter(self, id: AdapterId) -> Future[None]: ...


class PictureHolder(Protocol):
    """The part of `governance.holder.Holder` that is used here."""

    @property
    def transport(self) -> Transport: ...

    async def write(self, new: NewArtifact, data: bytes | bytearray) -> Artifact: ...


@dataclass(frozen=True, slots=True)
class _Made:
    """What the engine made for one place of picture `index`."""

    index: int
    place: int
    result: GenerationResult


Happening = Event | _Made | BaseException
Parts = dict[int, dict[int, Picture]]
"""The finished places of each picture that is not whole yet."""


class Generator:
    """A `GeneratorClient` over an engine in this process. Make it on the event loop it is used from."""

    def __init__(
        self, engine: PictureEngine, holder: PictureHolder, finish: Callable[[Picture], bytearray] = png_of
    ) -> None:
        """`finish` makes the file of a finished picture and zeroes its pixels; it runs in a thread."""
        self._engine = engine
        self._finish = finish
        self._holder = holder
        self._loop = asyncio.get_running_loop()

    @property
    def transport(self) -> Transport:
        return self._holder.transport

    async def generate(self, order: Order) -> AsyncGenerator[Event, None]:
        """See `GeneratorClient.generate`."""
        happening: asyncio.Queue[Happening] = asyncio.Queue()
        under_way: set[RequestId] = set()
        parts: Parts = {}
        rows = {"pictures": order.images, "steps": order.steps}
        whole = begin("generate", order.trace, run=order.run, adapter=order.adapter is not None, **rows)
        try:
            for index in range(order.images):
                for place in range(len(order.places)):
                    under_way.add(self._submit(order, index, place, happening))
            while under_way:
                event = await happening.get()
                if isinstance(event, BaseException):
                    raise event
                if not isinstance(event, _Made):
                    yield event
                    continue
                if places := _joined(order, event, parts):
                    yield await self._store(order, event.index, places)
                under_way.discard(_request_id(order, event.index, event.place))
        except (EngineError, GovernanceError) as error:
            fail(whole, error)
            raise failure_of(error) from None
        finally:
            whole.end()
            _wipe(parts)
            for id_ in under_way:
                self._engine.cancel(id_)

    def _submit(self, order: Order, index: int, place: int, happening: "asyncio.Queue[Happening]") -> RequestId:
        tell = self._teller(happening)
        ticket = self._engine.submit(
            _request(order, index, place),
            on_partial=lambda picture: tell(self._preview(index, picture)),
            on_step=_Steps(index, tell),
        )
        ticket.future.add_done_callback(partial(_settled, index, place, tell))
        return ticket.id

    def _teller(self, happening: "asyncio.Queue[Happening]") -> Callable[[Happening], None]:
        """The engine calls back from threads of its own."""

        def tell(what: Happening) -> None:
            self._loop.call_soon_threadsafe(happening.put_nowait, what)

        return tell

    def _preview(self, index: int, picture: Partial) -> Preview:
        png = png_of(picture.image)
        return Preview(index, picture.index, self._holder.transport.seal(bytes(png)))

    async def _store(self, order: Order, index: int, places: list[Picture]) -> Finished:
        """A picture is an artifact before anybody sees it; its parents decide how long it may live (I2, I4), and whom
        it belongs to."""
        models = dict.fromkeys(place.adapter for place in order.places if place.adapter is not None)
        parents = (order.prompt_artifact, *models)
        new = NewArtifact(Kind.IMAGE, (order.subject,), Purpose.GENERATION, parents, order.run)
        png = await asyncio.to_thread(lambda: self._finish(side_by_side(places)))
        try:
            with span("store", order.trace, run=order.run, bytes=len(png)):
                artifact = await self._holder.write(new, png)
        finally:
            png[:] = bytes(len(png))
        return Finished(index, artifact.id, order.seed + index)


class _Steps:
    """Tells the first step and then at most one every `PROGRESS_EVERY_S` seconds."""

    def __init__(self, index: int, tell: Callable[[Happening], None]) -> None:
        self._index = index
        self._tell = tell
        self._next_at = 0.0

    def __call__(self, step: int, steps: int) -> None:
        if monotonic() >= self._next_at:
            self._next_at = monotonic() + PROGRESS_EVERY_S
            self._tell(Progress(self._index, step, steps))


def _settled(index: int, place: int, tell: Callable[[Happening], None], future: "Future[GenerationResult]") -> None:
    if future.cancelled():
        tell(GenerationFailed("canceled", "the picture was canceled"))
        return
    error = future.exception()
    tell(_Made(index, place, future.result()) if error is None else error)


def _joined(order: Order, made: _Made, parts: Parts) -> list[Picture] | None:
    """The places of a picture from left to right, when this was the last of them."""
    places = parts.setdefault(made.index, {})
    places[made.place] = made.result.image
    if len(places) < len(order.places):
        return None
    return [places[place] for place in sorted(parts.pop(made.index))]


def _wipe(parts: Parts) -> None:
    for places in parts.values():
        for picture in places.values():
            picture[:] = 0


def _request_id(order: Order, index: int, place: int) -> RequestId:
    return RequestId(f"{order.run}:{index}:{place}")


def _request(order: Order, index: int, place: int) -> GenerationRequest:
    who = order.places[place]
    return GenerationRequest(
        id=_request_id(order, index, place),
        account=AccountId(order.subject),
        prompt=who.prompt,
        adapter_id=AdapterId(who.adapter) if who.adapter else None,
        negative_prompt=order.negative_prompt,
        guidance=order.guidance,
        seed=order.seed + index,
        steps=order.steps,
        sampler=order.sampler,
        size=Size(order.height, order.width),
        deadline=monotonic() + order.deadline_s,
        partial_images=order.partial_images,
    )
