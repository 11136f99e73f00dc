"""The engine from the outside."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from serve_apps.engine.config import EngineConfig
from serve_apps.engine.engine import Engine
from serve_apps.engine.errors import Cancelled, DeadlineExceeded, EngineClosed, EngineFull, InvalidRequest
from serve_apps.engine.model import AccountId, AdapterId, GenerationRequest, Partial, RequestId, Sampler, Size, Ticket
from tests.unit.serve_apps.engine.tiny import TinyBase, finish

SIZE = Size(16, 16)
CONFIG = EngineConfig(sizes=(SIZE, Size(32, 16)), exact_pictures=True, max_rows=8, row_buckets=(2, 4, 8), slots=8)
_numbers = itertools.count()


def request(**changes: Any) -> GenerationRequest:
    number = next(_numbers)
    defaults: dict[str, Any] = {
        "id": RequestId(f"r{number}"),
        "account": AccountId("a"),
        "prompt": "a portrait",
        "negative_prompt": "blur",
        "guidance": 4.0,
        "seed": number,
        "steps": 6,
        "size": SIZE,
    }
    return GenerationRequest(**{**defaults, **changes})


def no_adapters(id: AdapterId) -> bytes:
    raise KeyError(id)


@pytest.fixture
def engine(base: TinyBase) -> Iterator[Engine]:
    made = Engine(base.copy(), CONFIG, no_adapters)
    yield made
    made.close()


def test_a_request_joins_a_running_batch_at_the_next_step(engine: Engine) -> None:
    first = engine.submit(request(steps=10))
    for _ in range(3):
        engine.step()
    seen: list[tuple[int, int]] = []
    late = engine.submit(request(steps=2), on_step=lambda done, steps: seen.append((done, steps)))
    engine.step()
    assert seen == [(1, 2)]
    engine.step()
    finish(engine, [late.future, first.future])
    assert late.future.result().join_wait_steps == 0
    assert first.future.result().steps == 10


def test_without_guidance_a_request_costs_one_row(engine: Engine) -> None:
    for guidance in (1.0, 0.0, 5.0):
        engine.submit(request(guidance=guidance))
    engine.step()
    assert engine.stats().rows == 1 + 1 + 2


def test_more_requests_than_rows_take_turns(engine: Engine) -> None:
    tickets = [engine.submit(request(steps=3)) for _ in range(11)]
    most = 0
    while not all(ticket.future.done() for ticket in tickets):
        engine.step()
        most = max(most, engine.stats().rows)
    assert most == CONFIG.max_rows
    assert len({ticket.future.result().image.tobytes() for ticket in tickets}) == 11


def test_a_flood_from_one_account_does_not_hold_up_another(engine: Engine) -> None:
    flood = [engine.submit(request(account=AccountId("flood"), steps=4)) for _ in range(16)]
    engine.step()
    other = engine.submit(request(account=AccountId("other"), steps=4))
    finish(engine, [other.future])
    assert sum(ticket.future.done() for ticket in flood) <= 8


@pytest.mark.parametrize("steps_before", [0, 2])
def test_cancelling_takes_effect_at_the_next_step(engine: Engine, steps_before: int) -> None:
    going, staying = engine.submit(request(steps=9)), engine.submit(request(steps=9))
    for _ in range(steps_before):
        engine.step()
    engine.cancel(going.id)
    engine.step()
    with pytest.raises(Cancelled):
        going.future.result(timeout=0)
    assert engine.stats().rows == 2
    finish(engine, [staying.future])


def test_cancelling_what_waits_or_is_unknown(engine: Engine) -> None:
    running = [engine.submit(request()) for _ in range(4)]
    waiting = engine.submit(request())
    engine.step()
    engine.cancel(waiting.id)
    engine.cancel(RequestId("nobody"))
    engine.step()
    assert isinstance(waiting.future.exception(timeout=0), Cancelled)
    finish(engine, [ticket.future for ticket in running])


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_deadlines_end_what_waits_and_what_runs(base: TinyBase) -> None:
    clock = Clock()
    engine = Engine(base.copy(), CONFIG, no_adapters, clock=clock)
    running = [engine.submit(request(deadline=110.0, steps=20)) for _ in range(4)]
    waiting = engine.submit(request(deadline=105.0))
    engine.step()
    clock.now = 106.0
    engine.step()
    assert isinstance(waiting.future.exception(timeout=0), DeadlineExceeded)
    assert not any(ticket.future.done() for ticket in running)
    clock.now = 110.0
    engine.step()
    assert all(isinstance(ticket.future.exception(timeout=0), DeadlineExceeded) for ticket in running)
    assert engine.stats().rows == 0
    engine.close()


def test_previews_approach_the_picture(engine: Engine) -> None:
    seen: list[Partial] = []
    ticket = engine.submit(request(steps=12, partial_images=3), on_partial=seen.append)
    finish(engine, [ticket.future])
    assert [(partial.index, partial.step) for partial in seen] == [(0, 3), (1, 6), (2, 9)]
    final = ticket.future.result().image.astype(float)
    distances = [np.abs(partial.image - final).mean() for partial in seen]
    assert distances == sorted(distances, reverse=True)


def test_asking_for_previews_does_not_change_the_picture(engine: Engine) -> None:
    plain = request(sampler=Sampler.EULER_ANCESTRAL)
    watched = dataclasses.replace(plain, id=RequestId("watched"), partial_images=2)
    tickets = [engine.submit(plain), engine.submit(watched)]
    finish(engine, [ticket.future for ticket in tickets])
    one, other = (ticket.future.result().exact for ticket in tickets)
    assert one is not None
    assert np.abs(one - other).max() <= 1e-5


def test_sizes_run_side_by_side(engine: Engine) -> None:
    small, wide = engine.submit(request(steps=5)), engine.submit(request(steps=5, size=Size(32, 16)))
    finish(engine, [small.future, wide.future], limit=14)
    assert small.future.result().image.shape == (16, 16, 3)
    assert wide.future.result().image.shape == (32, 16, 3)


def test_memory_bounds_the_batch(base: TinyBase) -> None:
    unbounded = Engine(base.copy(), dataclasses.replace(CONFIG, memory_bytes=1 << 40), no_adapters)
    per_row = unbounded._batcher._row_bytes
    assert per_row[Size(32, 16)] > 1.8 * per_row[SIZE] > 0
    tight = Engine(base.copy(), dataclasses.replace(CONFIG, memory_bytes=5 * per_row[SIZE]), no_adapters)
    tickets = [tight.submit(request(steps=2)) for _ in range(4)]
    tight.step()
    assert tight.stats().rows == 4
    finish(tight, [ticket.future for ticket in tickets])
    tight.close()
    unbounded.close()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"size": Size(20, 20)}, "choose one of 16x16, 16x32"),
        ({"steps": 0}, "steps must be from 1 to 150"),
        ({"steps": 151}, "steps must be from 1 to 150"),
        ({"partial_images": 9}, "partial_images must be from 0 to 8"),
        ({"guidance": -1.0}, "guidance must be from 0 to 100"),
        ({"guidance": float("nan")}, "guidance must be from 0 to 100"),
        ({"seed": -1}, "seed must be a whole number"),
    ],
)
def test_what_cannot_be_served_is_refused(engine: Engine, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidRequest, match=message):
        engine.submit(request(**changes))
    assert engine.stats().waiting == 0


def test_the_same_id_twice_is_refused(engine: Engine) -> None:
    one = request()
    engine.submit(one)
    with pytest.raises(InvalidRequest, match="use a new id"):
        engine.submit(one)


def test_whoever_hears_the_outcome_may_use_the_id_again_at_once(engine: Engine) -> None:
    again: list[Ticket] = []
    first = engine.submit(request())
    first.future.add_done_callback(lambda _: again.append(engine.submit(request(id=first.id, seed=987))))
    finish(engine, [first.future])
    finish(engine, [again[0].future])
    assert not np.array_equal(again[0].future.result().image, first.future.result().image)


def test_an_id_whose_picture_is_awaited_no_more_stays_taken_until_its_request_ends(engine: Engine) -> None:
    first = engine.submit(request())
    first.future.cancel()
    with pytest.raises(InvalidRequest, match="use a new id"):
        engine.submit(request(id=first.id))


def test_a_full_engine_says_when_to_come_back(base: TinyBase) -> None:
    engine = Engine(base.copy(), dataclasses.replace(CONFIG, max_waiting=3), no_adapters)
    for _ in range(3):
        engine.submit(request())
    with pytest.raises(EngineFull) as full:
        engine.submit(request())
    assert full.value.retry_after_s >= 1.0
    engine.close()


def test_an_impossible_size_is_refused_when_the_engine_is_built(base: TinyBase) -> None:
    with pytest.raises(ValueError, match="multiples of 4"):
        Engine(base.copy(), dataclasses.replace(CONFIG, sizes=(Size(18, 16),)), no_adapters)


def test_a_failing_callback_harms_nobody(engine: Engine) -> None:
    def broken(done: int, steps: int) -> None:
        raise RuntimeError("a caller's mistake")

    ticket = engine.submit(request(steps=3), on_step=broken)
    finish(engine, [ticket.future])
    assert ticket.future.exception() is None
    assert engine.stats().callback_errors == 3


def test_nothing_of_a_request_stays_in_the_buffers(engine: Engine) -> None:
    done, cancelled = engine.submit(request(steps=2)), engine.submit(request(steps=9))
    finish(engine, [done.future])
    engine.cancel(cancelled.id)
    engine.step()
    for lane in engine._batcher._lanes.values():
        for buffer in (lane.x_nchw, lane.previous_nchw, lane.noise_nchw, lane.text_rld):
            assert not buffer.any()


def test_closing_ends_everyone_and_takes_nothing_new(base: TinyBase) -> None:
    engine = Engine(base.copy(), CONFIG, no_adapters)
    tickets = [engine.submit(request(steps=50)) for _ in range(6)]
    engine.step()
    engine.close()
    assert all(isinstance(ticket.future.exception(timeout=0), EngineClosed) for ticket in tickets)
    with pytest.raises(EngineClosed):
        engine.submit(request())


def test_on_its_own_thread_it_serves_drains_and_closes(base: TinyBase) -> None:
    engine = Engine(base.copy(), CONFIG, no_adapters)
    engine.start()
    tickets = [engine.submit(request(steps=4, partial_images=1), on_partial=lambda p: None) for _ in range(9)]
    assert engine.drain(timeout_s=60)
    assert all(ticket.future.result(timeout=0).image.shape == (16, 16, 3) for ticket in tickets)
    with pytest.raises(EngineClosed):
        engine.submit(request())
    engine.close()
    assert engine.stats().pictures == 9


def test_stats_count_the_work_that_is_left(engine: Engine) -> None:
    engine.submit(request(steps=10))
    engine.submit(request(steps=5, guidance=1.0))
    assert engine.stats().queued_steps == 10 * 2 + 5
    engine.step()
    stats = engine.stats()
    assert stats.queued_steps == 9 * 2 + 4
    assert (stats.running, stats.waiting, stats.steps) == (2, 0, 1)
    assert stats.batch_fill == pytest.approx(3 / 8)
