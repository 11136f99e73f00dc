"""`POST /v1/images/generations`: pictures, in the shape of the OpenAI images API."""

import base64
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from governance.model import ArtifactId, By, SubjectId
from serve_apps.generator.wire import Event, Finished, Order, Preview
from serve_apps.ingress import pictures
from serve_apps.ingress.auth import ImagesCaller
from serve_apps.ingress.disconnect import unless_gone
from serve_apps.ingress.idempotency import IdempotencyKey, Once, once, recalled, settle
from serve_apps.ingress.links import signed_link
from serve_apps.ingress.pictures import Made, Plan
from serve_apps.ingress.schemas.common import OpenAIError
from serve_apps.ingress.schemas.images import (
    CompletedEvent,
    GenerateImages,
    ImageData,
    ImagesAnswer,
    PartialImageEvent,
    ResponseFormat,
)
from serve_apps.ingress.services import Parts, Services
from serve_apps.ingress.streaming import EventStream, ServerEvent

router = APIRouter(prefix="/v1/images", tags=["images"])

PATH = "/v1/images/generations"
REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"model": OpenAIError} for status in (400, 401, 402, 403, 404, 409, 410, 422, 429, 503)
}


@router.post("/generations", response_model=ImagesAnswer, responses=REFUSALS)
async def generate(
    body: GenerateImages, request: Request, caller: ImagesCaller, parts: Parts, key: IdempotencyKey = None
) -> Response:
    """Makes pictures with your own model or the base model. With `stream: true` the answer is a stream of
    server-sent events `image_generation.partial_image` and `image_generation.completed`."""
    this = once(parts, caller.id, key, PATH, body.model_dump_json().encode())
    plan = await pictures.plan(parts, caller.id, body)
    before = await recalled(parts, this)
    if before is not None:
        return await _again(parts, request, plan, before)
    order = await pictures.place(parts, caller.id, plan)
    if body.stream:
        return await _stream(parts, request, caller.id, plan, order, this)
    made = await unless_gone(request, pictures.make(parts, order))
    return await _answer(parts, request, plan, await _settle(parts, caller.id, this, made))


async def _again(parts: Services, request: Request, plan: Plan, reference: str) -> Response:
    """The answer to a repeated request, made anew from the pictures of the first."""
    made = _parse(reference)
    if plan.body.stream:
        return EventStream(request, _completed_events(parts, plan, made))
    return await _answer(parts, request, plan, made)


async def _answer(parts: Services, request: Request, plan: Plan, made: list[Made]) -> Response:
    data = [await _image_data(parts, request, plan, each) for each in made]
    answer = ImagesAnswer(created=int(parts.now().timestamp()), data=data, size=plan.size)
    return JSONResponse(answer.model_dump())


async def _image_data(parts: Services, request: Request, plan: Plan, made: Made) -> ImageData:
    if plan.body.response_format is ResponseFormat.B64_JSON:
        picture = _base64(await pictures.picture(parts, made.artifact))
        return ImageData(b64_json=picture, artifact=made.artifact, seed=made.seed)
    return ImageData(url=signed_link(parts, request, made.artifact), artifact=made.artifact, seed=made.seed)


async def _stream(
    parts: Services, request: Request, owner: SubjectId, plan: Plan, order: Order, this: Once | None
) -> Response:
    """Waits for the first event before it answers, so that a refusal still has a status of its own."""
    happening = pictures.events(parts, order)
    try:
        first = await unless_gone(request, anext(happening))
    except BaseException:
        await happening.aclose()
        raise
    return EventStream(request, _live_events(parts, owner, plan, first, happening, this))


async def _live_events(
    parts: Services,
    owner: SubjectId,
    plan: Plan,
    first: Event,
    happening: AsyncGenerator[Event, None],
    this: Once | None,
) -> AsyncGenerator[ServerEvent, None]:
    made: list[Made] = []
    async with aclosing(happening):
        async for event in _followed_by(first, happening):
            match event:
                case Preview():
                    yield _partial(parts, plan, event)
                case Finished():
                    made.append(Made(event.artifact, event.seed))
                    yield await _completed(parts, plan, made[-1], event.index)
    await _settle(parts, owner, this, sorted(made, key=lambda each: each.seed))


async def _followed_by(first: Event, rest: AsyncIterator[Event]) -> AsyncIterator[Event]:
    yield first
    async for event in rest:
        yield event


async def _completed_events(parts: Services, plan: Plan, made: list[Made]) -> AsyncGenerator[ServerEvent, None]:
    for index, each in enumerate(made):
        yield await _completed(parts, plan, each, index)


def _partial(parts: Services, plan: Plan, event: Preview) -> ServerEvent:
    picture = PartialImageEvent(
        b64_json=_base64(bytes(parts.generator.transport.open(event.sealed_png))),
        partial_image_index=event.number,
        image_index=event.index,
        created_at=int(parts.now().timestamp()),
        size=plan.size,
    )
    return ServerEvent(picture.type, picture.model_dump_json())


async def _completed(parts: Services, plan: Plan, made: Made, index: int) -> ServerEvent:
    picture = CompletedEvent(
        b64_json=_base64(await pictures.picture(parts, made.artifact)),
        image_index=index,
        artifact=made.artifact,
        seed=made.seed,
        created_at=int(parts.now().timestamp()),
        size=plan.size,
    )
    return ServerEvent(picture.type, picture.model_dump_json())


async def _settle(parts: Services, owner: SubjectId, this: Once | None, made: list[Made]) -> list[Made]:
    async def undo(reference: str) -> None:
        for each in _parse(reference):
            await parts.governance.erase(each.artifact, By.SUBJECT, owner)

    return _parse(await settle(parts, this, _reference(made), undo))


def _reference(made: list[Made]) -> str:
    return ",".join(f"{each.artifact}:{each.seed}" for each in made)


def _parse(reference: str) -> list[Made]:
    pairs = (each.split(":") for each in reference.split(","))
    return [Made(ArtifactId(artifact), int(seed)) for artifact, seed in pairs]


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
