"""The generator without Ray: an engine, and the holder through which adapters come in and pictures go out.

ingress ─ order ─▶ Generator ─ submit ─▶ Engine ── fetch(adapter) ─▶ AdapterGate ─ hold ─▶ Holder
                      │  ◀─ progress, previews, pictures ─┘  ◀─ drop ──────┘
                      └─ write IMAGE (parents: adapter, prompt) ─▶ Holder ─▶ finished
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import Future
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
    RequestId,
    Size,
    StepCallback,
    Ticket,
)
from serve_apps.generator.errors import GenerationFailed
from serve_apps.generator.failures import failure_of
from serve_apps.generator.pictures import png_of
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


Happening = Event | tuple[int, GenerationResult] | BaseException


class Generator:
    """A `GeneratorClient` over an engine in this process. Make it on the event loop it is used from."""

    def __init__(self, engine: PictureEngine, holder: PictureHolder) -> None:
        self._engine = engine
        self._holder = holder
        self._loop = asyncio.get_running_loop()

    @property
    def transport(self) -> Transport:
        return self._holder.transport

    async def generate(self, order: Order) -> AsyncGenerator[Event, None]:
        """See `GeneratorClient.generate`."""
        happening: asyncio.Queue[Happening] = asyncio.Queue()
        under_way: set[RequestId] = set()
        rows = {"pictures": order.images, "steps": order.steps}
        whole = begin("generate", order.trace, run=order.run, adapter=order.adapter is not None, **rows)
        try:
            for index in range(order.images):
                under_way.add(self._submit(order, index, happening))
            while under_way:
                event = await self._next(order, happening)
                if isinstance(event, Finished):
                    under_way.discard(_request_id(order, event.index))
                yield event
        except (EngineError, GovernanceError) as error:
            fail(whole, error)
            raise failure_of(error) from None
        finally:
            whole.end()
            for id_ in under_way:
                self._engine.cancel(id_)

    def _submit(self, order: Order, index: int, happening: "asyncio.Queue[Happening]") -> RequestId:
        tell = self._teller(happening)
        ticket = self._engine.submit(
            _request(order, index),
            on_partial=lambda picture: tell(self._preview(index, picture)),
            on_step=_Steps(index, tell),
        )
        ticket.future.add_done_callback(partial(_settled, index, tell))
        return ticket.id

    def _teller(self, happening: "asyncio.Queue[Happening]") -> Callable[[Happening], None]:
        """The engine calls back from threads of its own."""

        def tell(what: Happening) -> None:
            self._loop.call_soon_threadsafe(happening.put_nowait, what)

        return tell

    def _preview(self, index: int, picture: Partial) -> Preview:
        png = png_of(picture.image)
        return Preview(index, picture.index, self._holder.transport.seal(bytes(png)))

    async def _next(self, order: Order, happening: "asyncio.Queue[Happening]") -> Event:
        event = await happening.get()
        if isinstance(event, BaseException):
            raise event
        if isinstance(event, tuple):
            return await self._store(order, *event)
        return event

    async def _store(self, order: Order, index: int, result: GenerationResult) -> Finished:
        """A picture is an artifact before anybody sees it; its parents decide how long it may live (I2, I4)."""
        parents = (order.prompt_artifact,) if order.adapter is None else (order.prompt_artifact, order.adapter)
        new = NewArtifact(Kind.IMAGE, (order.subject,), Purpose.GENERATION, parents, order.run)
        png = await asyncio.to_thread(png_of, result.image)
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


def _settled(index: int, tell: Callable[[Happening], None], future: "Future[GenerationResult]") -> None:
    if future.cancelled():
        tell(GenerationFailed("canceled", "the picture was canceled"))
        return
    error = future.exception()
    tell((index, future.result()) if error is None else error)


def _request_id(order: Order, index: int) -> RequestId:
    return RequestId(f"{order.run}:{index}")


def _request(order: Order, index: int) -> GenerationRequest:
    return GenerationRequest(
        id=_request_id(order, index),
        account=AccountId(order.subject),
        prompt=order.prompt,
        adapter_id=AdapterId(order.adapter) if order.adapter else None,
        negative_prompt=order.negative_prompt,
        guidance=order.guidance,
        seed=order.seed + index,
        steps=order.steps,
        sampler=order.sampler,
        size=Size(order.height, order.width),
        deadline=monotonic() + order.deadline_s,
        partial_images=order.partial_images,
    )
