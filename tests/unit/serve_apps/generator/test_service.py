"""The generator in process: events, pictures that are artifacts before anybody sees them, cancellation."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from PIL import Image

from governance.errors import Fenced
from governance.model import ArtifactId, Kind, NewArtifact
from governance.transport import Transport
from serve_apps.engine.config import EngineConfig
from serve_apps.engine.engine import Engine
from serve_apps.engine.model import Size
from serve_apps.generator.errors import GenerationFailed
from serve_apps.generator.service import Generator
from serve_apps.generator.wire import Event, Finished, Place, Preview, Progress
from tests.unit.serve_apps.engine.tiny import TinyBase, tiny_adapter, tiny_base
from tests.unit.serve_apps.generator.orders import order, transport

CONFIG = EngineConfig(sizes=(Size(32, 16),), max_rows=4, row_buckets=(4,), slots=4, max_waiting=3)


@dataclass
class Written:
    id: ArtifactId


@dataclass
class Holder:
    """Takes artifacts; `fenced` refuses them as after an erasure."""

    fenced: bool = False
    written: list[tuple[NewArtifact, bytes]] = field(default_factory=list)
    transport: Transport = field(default_factory=transport)

    async def write(self, new: NewArtifact, data: bytes | bytearray) -> Any:
        if self.fenced:
            raise Fenced()
        self.written.append((new, bytes(data)))
        return Written(ArtifactId(f"picture-{len(self.written)}"))


@pytest.fixture(scope="module")
def base() -> TinyBase:
    return tiny_base("epsilon")


@pytest.fixture
async def engine(base: TinyBase) -> AsyncIterator[Engine]:
    adapter = tiny_adapter(base, 1)
    running = Engine(base.copy(), CONFIG, lambda id: adapter.data)
    running.start()
    yield running
    running.close()


async def events_of(generator: Generator, **changes: Any) -> list[Event]:
    return [event async for event in generator.generate(order(**changes))]


async def test_every_picture_is_stored_with_its_parents_before_it_is_told(engine: Engine) -> None:
    holder = Holder()
    events = await events_of(Generator(engine, holder), images=2)
    finished = [event for event in events if isinstance(event, Finished)]
    assert sorted((event.index, event.seed) for event in finished) == [(0, 7), (1, 8)]
    assert {event.artifact for event in finished} == {"picture-1", "picture-2"}
    assert any(isinstance(event, Progress) for event in events)
    for new, png in holder.written:
        assert (new.kind, new.subjects, new.parents, new.run) == (
            Kind.IMAGE,
            ("subject",),
            ("prompt", "adapter"),
            "run",
        )
        assert Image.open(io.BytesIO(png)).size == (16, 32)


async def test_previews_travel_sealed(engine: Engine) -> None:
    generator = Generator(engine, Holder())
    events = await events_of(generator, partial_images=2)
    previews = [event for event in events if isinstance(event, Preview)]
    assert [preview.number for preview in previews] == [0, 1]
    for preview in previews:
        assert b"PNG" not in preview.sealed_png
        assert Image.open(io.BytesIO(generator.transport.open(preview.sealed_png))).size == (16, 32)


async def test_closing_early_cancels_what_runs(engine: Engine) -> None:
    holder = Holder()
    async with aclosing(Generator(engine, holder).generate(order(images=2, steps=150))) as events:
        await anext(events)
    assert engine.drain(10)
    assert holder.written == []
    assert engine.stats().pictures == 0


async def test_a_picture_that_fails_ends_the_others(engine: Engine) -> None:
    with pytest.raises(GenerationFailed) as failed:
        await events_of(Generator(engine, Holder(fenced=True)), images=2, steps=2)
    assert failed.value.code == "gone"
    assert engine.drain(10)


async def test_more_pictures_than_places_are_refused_and_none_is_made(engine: Engine) -> None:
    holder = Holder()
    with pytest.raises(GenerationFailed) as failed:
        await events_of(Generator(engine, holder), images=9, steps=150)
    assert failed.value.code == "busy"
    assert failed.value.retry_after_s
    assert engine.drain(10)
    assert holder.written == []


async def test_an_order_the_engine_cannot_serve_says_what_to_change(engine: Engine) -> None:
    with pytest.raises(GenerationFailed, match="size 999x32 is not offered") as failed:
        await events_of(Generator(engine, Holder()), width=999)
    assert failed.value.code == "invalid_request"


async def test_a_picture_of_several_is_one_artifact_of_all_their_models(engine: Engine) -> None:
    holder = Holder()
    generator = Generator(engine, holder)
    people = (Place(ArtifactId("hers"), "a garden"), Place(ArtifactId("his"), "a beach"))
    events = await events_of(generator, people=people, images=1)
    assert [(event.index, event.seed) for event in events if isinstance(event, Finished)] == [(0, 7)]
    [(new, png)] = holder.written
    assert (new.subjects, new.parents) == (("subject",), ("prompt", "hers", "his"))
    alone = Holder()
    for place in people:
        await events_of(Generator(engine, alone), adapter=place.adapter, prompt=place.prompt)
    together, *single = (np.asarray(Image.open(io.BytesIO(data))) for data in (png, *(one[1] for one in alone.written)))
    assert together.shape == (32, 30, 3)
    assert np.array_equal(together[:, :14], single[0][:, :14]), "nobody's place depends on the others"
    assert np.array_equal(together[:, 16:], single[1][:, 2:])
