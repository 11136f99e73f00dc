"""Pictures: what was asked for is checked, recorded as a run, made by the generator and read back."""

import asyncio
import json
import logging
import secrets
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from governance.errors import GovernanceError, NotFound
from governance.model import (
    Artifact,
    ArtifactId,
    Charge,
    Kind,
    NewArtifact,
    NewRun,
    Purpose,
    RunId,
    RunState,
    SubjectId,
)
from governance.tracing import here
from serve_apps.generator.wire import Event, Finished, Order, Place
from serve_apps.ingress.errors import Invalid
from serve_apps.ingress.schemas.images import GenerateImages
from serve_apps.ingress.services import Services
from serve_apps.telemetry import RUN

log = logging.getLogger("pixreunion.ingress")

SEEDS = 2**31


@dataclass(frozen=True, slots=True)
class Plan:
    """A request for pictures with every default filled in."""

    body: GenerateImages
    adapter: Artifact | None
    people: tuple[Place, ...]
    images: int
    size: str
    steps: int
    guidance: float
    seed: int


@dataclass(frozen=True, slots=True)
class Made:
    """One finished picture."""

    artifact: ArtifactId
    seed: int


async def plan(parts: Services, owner: SubjectId, body: GenerateImages) -> Plan:
    """`Invalid` names the parameter at fault, `NotFound` and `Gone` are about the model."""
    settings = parts.settings.images
    images = _at_most(body.n or 1, settings.max_images, "n")
    steps = _at_most(body.steps or settings.default_steps, settings.max_steps, "steps")
    size = settings.default_size if body.size in (None, "auto") else body.size
    if size not in settings.sizes:
        raise Invalid(f"`size` is `auto` or one of: {', '.join(settings.sizes)}", code="invalid_size", param="size")
    if body.partial_images and not body.stream:
        raise Invalid("`partial_images` needs `stream: true`", code="invalid_parameter", param="partial_images")
    return Plan(
        body=body,
        people=await _people(parts, owner, body, images),
        adapter=await _adapter(parts, owner, body.model),
        images=images,
        size=str(size),
        steps=steps,
        guidance=settings.default_guidance if body.guidance is None else body.guidance,
        seed=secrets.randbelow(SEEDS - images) if body.seed is None else body.seed,
    )


async def place(parts: Services, owner: SubjectId, this: Plan) -> Order:
    """Starts the run (P2.5) and keeps the prompt as an artifact, so that access and erasure cover it too."""
    models = [place.adapter for place in this.people if place.adapter] or ([this.adapter.id] if this.adapter else [])
    inputs = tuple(dict.fromkeys(models))
    charge = Charge(parts.prices.picture * max(1, len(this.people)), this.images)
    run = await parts.governance.start_run(NewRun(Purpose.GENERATION, (owner,), inputs, charge))
    RUN.set(run.id)
    try:
        prompt = await _write_prompt(parts, owner, this, run.id)
    except BaseException:
        await _finish(parts, run.id, RunState.FAILED)
        raise
    width, height = this.size.split("x")
    return Order(
        subject=owner,
        run=run.id,
        prompt_artifact=prompt,
        adapter=inputs[0] if inputs else None,
        people=this.people,
        prompt=this.body.prompt,
        negative_prompt=this.body.negative_prompt,
        images=this.images,
        width=int(width),
        height=int(height),
        steps=this.steps,
        guidance=this.guidance,
        seed=this.seed,
        sampler=this.body.sampler,
        partial_images=this.body.partial_images or 0,
        deadline_s=parts.settings.images.deadline.total_seconds(),
        trace=here(),
    )


async def events(parts: Services, order: Order) -> AsyncGenerator[Event, None]:
    """What happens to an order, until all its pictures are finished; closing it early cancels them. The run ends
    with it in any case."""
    outcome = RunState.CANCELED
    try:
        async with aclosing(parts.generator.generate(order)) as happening:
            async for event in happening:
                yield event
        outcome = RunState.SUCCEEDED
    except Exception:
        outcome = RunState.FAILED
        raise
    finally:
        await asyncio.shield(_finish(parts, order.run, outcome))


async def make(parts: Services, order: Order) -> list[Made]:
    """All pictures of an order, in the order of their seeds."""
    made: dict[int, Made] = {}
    async with aclosing(events(parts, order)) as happening:
        async for event in happening:
            if isinstance(event, Finished):
                made[event.index] = Made(event.artifact, event.seed)
    return [made[index] for index in sorted(made)]


async def picture(parts: Services, artifact: ArtifactId) -> bytes:
    """The PNG of a finished picture."""
    async with parts.holder.plaintext(artifact, Purpose.DELIVERY) as data:
        return bytes(data)


async def _adapter(parts: Services, owner: SubjectId, model: str | None) -> Artifact | None:
    if model is None or model == parts.settings.images.base_model:
        return None
    artifact = await parts.governance.artifact(ArtifactId(model), owner)
    if artifact.kind is not Kind.ADAPTER:
        raise NotFound("there is no model with this id; GET /v1/models lists yours")
    return artifact


async def _people(parts: Services, owner: SubjectId, body: GenerateImages, images: int) -> tuple[Place, ...]:
    """Each person's model, which is the caller's own or shared with them (P5.2)."""
    if body.people is None:
        return ()
    if body.model is not None:
        raise Invalid("give either `model` or `people`", code="invalid_parameter", param="people")
    if body.partial_images:
        raise Invalid("there are no previews of several people", code="invalid_parameter", param="partial_images")
    _at_most(images * len(body.people), parts.settings.images.max_images, "n")
    places = []
    for each in body.people:
        model = await parts.governance.shared_model(ArtifactId(each.model), owner)
        places.append(Place(model.id, each.prompt or body.prompt))
    return tuple(places)


async def _write_prompt(parts: Services, owner: SubjectId, this: Plan, run: RunId) -> ArtifactId:
    document: dict[str, Any] = {"prompt": this.body.prompt, "negative_prompt": this.body.negative_prompt}
    if this.people:
        document["people"] = [place.prompt for place in this.people]
    new = NewArtifact(Kind.PROMPT, (owner,), Purpose.GENERATION, run=run)
    return (await parts.holder.write(new, bytearray(json.dumps(document).encode()))).id


async def _finish(parts: Services, run: RunId, outcome: RunState) -> None:
    try:
        await parts.governance.finish_run(run, outcome)
    except GovernanceError as error:
        log.warning("run %s could not be finished as %s: %s", run, outcome, error.code)


def _at_most(value: int, limit: int, name: str) -> int:
    if value > limit:
        raise Invalid(f"`{name}` is at most {limit}", code="invalid_parameter", param=name)
    return value
