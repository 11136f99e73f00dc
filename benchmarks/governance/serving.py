"""What the gate costs while pictures are made: the same engine and generator, once with it and once without.

With it, adapters are granted and opened under a lease, and every picture is registered, sealed, stored and committed
through governance in PostgreSQL and S3. Without it, adapters lie in memory and pictures are put into the same S3 as
they are. Both sides have more requests waiting than the batch takes, as a busy service has; rounds take turns, so that
whatever else the machine does falls on both; so does what governance does by itself (`standing_cpu_pct`).
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from statistics import median
from time import perf_counter

import psutil
import torch

from benchmarks.generation.bases import Subject, load
from benchmarks.generation.requests import GUIDANCE, config_for
from benchmarks.governance.scene import Scene, scene
from cluster.embedded.throwaway import Servers
from cluster.processes import ProcessMark, tree
from governance.blobs.store import BlobStore
from governance.clock import utc_now
from governance.model import Artifact, ArtifactId, ArtifactState, Kind, NewArtifact, NewRun, Purpose
from governance.transport import Transport
from serve_apps.config import ImageSettings
from serve_apps.engine.config import Execution
from serve_apps.engine.engine import Engine
from serve_apps.engine.model import Sampler
from serve_apps.generator.adapters import AdapterGate, AdapterHolder
from serve_apps.generator.service import Generator, PictureHolder
from serve_apps.generator.wire import Finished, Order

_USERS = 8
_EACH = 3
_RANK = 8
_ROUNDS = 5


class OpenHolder:
    """What a service without governance has in the holder's place."""

    def __init__(self, store: BlobStore, files: dict[ArtifactId, bytearray]) -> None:
        self._store, self._files = store, files
        self.transport = Transport()

    async def hold(
        self, id: ArtifactId, purpose: Purpose, on_drop: Callable[[], None], sealed: bytes | None = None
    ) -> bytearray:
        return bytearray(self._files[id])

    async def release(self, id: ArtifactId, buffer: bytearray | None = None) -> None:
        """Nobody asks."""

    async def write(self, new: NewArtifact, data: bytes | bytearray) -> Artifact:
        id, owner = ArtifactId.new(), new.subjects[0]
        place = f"open/{owner}/{id}"
        await self._store.put(place, bytes(data))
        return Artifact(
            id=id, kind=new.kind, subjects=(owner,), parents=new.parents, purpose=new.purpose, run=new.run,
            state=ArtifactState.LIVE, location=place, size=len(data), created_at=utc_now(), deadline=None,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """One picture of each user's own model, again and again; `files` are the models."""

    orders: list[Order]
    files: dict[ArtifactId, bytearray]


async def serving_overhead_pct(servers: Servers, rounds: int = _ROUNDS) -> float:
    """How much longer the same pictures take with the gate, in percent: the median of paired rounds."""
    subject = load("demo", "cpu", torch.float32, _RANK)
    async with scene(servers, real_store=True) as on:
        asked = await _asked(on, subject)
        open_holder = OpenHolder(on.service.parts.store, asked.files)
        async with _side(subject, on.holder, on.holder) as gated, _side(subject, open_holder, open_holder) as opened:
            await _round(gated, asked.orders[:_USERS])
            await _round(opened, asked.orders[:_USERS])
            ratios = [await _pair(gated, opened, asked.orders, number) for number in range(rounds)]
    return (median(ratios) - 1) * 100


async def _asked(on: Scene, subject: Subject) -> Asked:
    asked = Asked([], {})
    for user in range(_USERS):
        owner = await on.sign_up()
        weights = subject.fetch(subject.adapter(user))
        prompt = await on.holder.write(NewArtifact(Kind.PROMPT, (owner,), Purpose.GENERATION), b"a portrait, smiling")
        adapter = await on.holder.write(NewArtifact(Kind.ADAPTER, (owner,), Purpose.TRAINING), weights)
        run = await on.service.start_run(NewRun(Purpose.GENERATION, (owner,), (adapter.id, prompt.id)))
        asked.files[adapter.id] = weights
        order = Order(
            subject=owner, run=run.id, prompt_artifact=prompt.id, adapter=adapter.id, prompt="a portrait, smiling",
            negative_prompt="", images=_EACH, width=subject.side, height=subject.side,
            steps=ImageSettings().default_steps, guidance=GUIDANCE, seed=user, sampler=Sampler.DDIM,
            partial_images=0, deadline_s=600.0,
        )  # fmt: skip
        asked.orders.append(order)
    return asked


@asynccontextmanager
async def _side(subject: Subject, adapters: AdapterHolder, pictures: PictureHolder) -> AsyncIterator[Generator]:
    gate = AdapterGate(adapters)
    config = config_for(subject, _USERS, Execution.EAGER, exact_pictures=False)
    engine = Engine(subject.copy(), config, gate.fetch, gate.released)
    gate.connect(engine)
    engine.start()
    try:
        yield Generator(engine, pictures)
    finally:
        await asyncio.to_thread(engine.close)


async def _pair(gated: Generator, opened: Generator, orders: list[Order], number: int) -> float:
    """Whoever went first goes second next time."""
    if number % 2:
        here = await _round(gated, orders)
        return here / await _round(opened, orders)
    there = await _round(opened, orders)
    return await _round(gated, orders) / there


async def _round(side: Generator, orders: list[Order]) -> float:
    """Seconds until every picture is stored."""
    began = perf_counter()
    await asyncio.gather(*(_pictures(side, order) for order in orders))
    return perf_counter() - began


async def _pictures(side: Generator, order: Order) -> None:
    made = 0
    async with aclosing(side.generate(order)) as events:
        async for event in events:
            made += isinstance(event, Finished)
    assert made == order.images, "every picture must come"


async def standing_cpu_pct(servers: Servers, seconds: float = 10.0) -> float:
    """What governance takes of one core while nobody asks for anything: its chores, a holder's heartbeat, and the work
    these give PostgreSQL and S3. In `serving_overhead_pct` it goes on during both sides' rounds."""
    marks = [mark for mark in (servers.postgres.running(), servers.s3.running()) if mark is not None]
    async with scene(servers, real_store=True):
        await asyncio.sleep(2.0)
        began = perf_counter(), _cpu_s(marks)
        await asyncio.sleep(seconds)
        return (_cpu_s(marks) - began[1]) / (perf_counter() - began[0]) * 100


def _cpu_s(marks: list[ProcessMark]) -> float:
    """Processor time of this process and of the servers' so far."""
    times = [psutil.Process().cpu_times(), *(process.cpu_times() for process in tree(marks))]
    return sum(one.user + one.system for one in times)
