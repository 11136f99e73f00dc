"""I10: a picture depends on nobody else in the batch.

Random people arrive and leave, adapters are evicted and loaded again, requests are cancelled and adapters dropped,
over fewer slots than adapters and a host cache that cannot hold them all. Every picture that is finished must equal
the one its request gets alone. The check itself is checked: with one wrong slot index it must fail.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from serve_apps.engine.config import EngineConfig
from serve_apps.engine.engine import Engine
from serve_apps.engine.errors import AdapterDropped, Cancelled
from serve_apps.engine.model import AccountId, AdapterId, GenerationRequest, RequestId, Sampler, Size, Ticket
from serve_apps.engine.stacks import Stacks
from tests.unit.serve_apps.engine.tiny import TinyBase, finish, tiny_adapter, tiny_base

SIZES = (Size(16, 16), Size(16, 32))
ADAPTERS = 24
CONFIG = EngineConfig(
    sizes=SIZES, exact_pictures=True, max_rows=6, row_buckets=(6,), slots=6, rank_buckets=(2, 4), fetch_threads=2
)


@dataclass
class World:
    base: TinyBase
    files: dict[AdapterId, bytes]
    alone: Engine
    known: dict[RequestId, NDArray[Any]]

    def by_itself(self, request: GenerationRequest) -> NDArray[Any]:
        """The picture of `request` when nobody else is there, from an engine that has not seen the crowd."""
        if request.id not in self.known:
            ticket = self.alone.submit(replace(request, partial_images=0, deadline=None))
            finish(self.alone, [ticket.future])
            exact = ticket.future.result().exact
            assert exact is not None
            self.known[request.id] = exact
        return self.known[request.id]


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    base = tiny_base("epsilon", seed=5)
    adapters = [
        tiny_adapter(base, n, rank=(1, 4, 3, 4)[n % 4], text=n % 3 == 0, convs=n % 5 == 0) for n in range(ADAPTERS)
    ]
    files = {adapter.id: adapter.data for adapter in adapters}
    alone = Engine(base.copy(), CONFIG, files.__getitem__)
    yield World(base, files, alone, {})
    alone.close()


def random_request(rng: random.Random, number: int, files: dict[AdapterId, bytes]) -> GenerationRequest:
    return GenerationRequest(
        id=RequestId(f"r{number}"),
        account=AccountId(f"account-{rng.randrange(5)}"),
        prompt=f"portrait {rng.randrange(100)}",
        negative_prompt=rng.choice(["", "blur", "dark"]),
        adapter_id=rng.choice([None, *files]),
        guidance=rng.choice([1.0, 2.0, 5.0, 7.5]),
        seed=rng.randrange(2**40),
        steps=rng.randrange(1, 6),
        sampler=rng.choice(list(Sampler)),
        size=SIZES[rng.random() < 0.2],
        partial_images=rng.choice([0, 0, 2]),
    )


def crowd(world: World, engine: Engine, rng: random.Random, requests: int) -> dict[RequestId, float]:
    """Run a random crowd; returns how far each finished picture is from the same one made alone."""
    tickets: dict[RequestId, tuple[GenerationRequest, Ticket]] = {}
    while len(tickets) < requests:
        for _ in range(rng.choice([0, 1, 1, 2, 4])):
            request = random_request(rng, len(tickets), world.files)
            tickets[request.id] = (request, engine.submit(request, on_partial=lambda partial: None))
        if rng.random() < 0.05 and tickets:
            engine.cancel(rng.choice(list(tickets)))
        if rng.random() < 0.03:
            engine.drop_adapter(rng.choice(list(world.files)))
        engine.step()
    finish(engine, [ticket.future for _, ticket in tickets.values()], limit=5000)
    differences = {}
    for id, (request, ticket) in tickets.items():
        error = ticket.future.exception()
        if error is not None:
            assert isinstance(error, Cancelled | AdapterDropped)
            continue
        exact = ticket.future.result().exact
        assert exact is not None
        differences[id] = float(np.abs(exact - world.by_itself(request)).max())
    return differences


def small_cache(world: World) -> EngineConfig:
    one = len(next(iter(world.files.values())))
    return replace(CONFIG, host_cache_bytes=6 * one)


@pytest.mark.parametrize("seed", range(2))
def test_everyone_gets_the_picture_they_get_alone(world: World, seed: int) -> None:
    world.known.clear()
    engine = Engine(world.base.copy(), small_cache(world), world.files.__getitem__)
    differences = crowd(world, engine, random.Random(seed), requests=45)
    stats = engine.stats()
    assert len(differences) > 30
    assert stats.evictions > 12, "adapters must have come and gone"
    assert stats.fetches > ADAPTERS, "and have been fetched again"
    assert max(differences.values()) <= 1e-4
    engine.close()


def test_a_wrong_slot_index_is_caught(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.known.clear()
    engine = Engine(world.base.copy(), small_cache(world), world.files.__getitem__)
    right = Stacks.for_denoising

    def off_by_one_row(self: Stacks, slots: list[int]) -> None:
        right(self, slots[1:] + slots[:1] if self is wronged else slots)

    wronged = engine._batcher._chooser
    monkeypatch.setattr(Stacks, "for_denoising", off_by_one_row)
    differences = crowd(world, engine, random.Random(0), requests=20)
    assert max(differences.values()) > 1e-2
    engine.close()
