"""The generator deployment seen from the ingress: events, failures as errors, and cancellation."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import pytest
from ray.exceptions import RayError
from ray.serve.exceptions import BackPressureError

from governance.model import ArtifactId
from serve_apps.generator.client import FULL_RETRY_S, LOST_RETRY_S, ServeGenerator
from serve_apps.generator.errors import GenerationFailed
from serve_apps.generator.wire import Call, Event, Failed, Finished, Progress, open_order
from tests.unit.serve_apps.generator.orders import order, transport

DONE = Finished(0, ArtifactId("picture"), 7)


class Answers:
    """What a handle's streaming call gives back."""

    def __init__(self, events: list[Event | Exception]) -> None:
        self.events, self.cancelled = events, False

    async def __aiter__(self) -> AsyncIterator[Event]:
        for event in self.events:
            if isinstance(event, Exception):
                raise event
            yield event

    def cancel(self) -> None:
        self.cancelled = True


class Handle:
    """A deployment's handle that answers with given events."""

    def __init__(self, *events: Event | Exception) -> None:
        self.answers = Answers(list(events))
        self.calls: list[Call] = []
        self.options_: dict[str, Any] = {}

    def options(self, **options: Any) -> Handle:
        self.options_ |= options
        return self

    @property
    def generate(self) -> Handle:
        return self

    def remote(self, call: Call) -> Answers:
        self.calls.append(call)
        return self.answers


async def events_of(handle: Handle) -> list[Event]:
    return [event async for event in ServeGenerator(handle, transport()).generate(order())]


async def test_events_pass_in_order_and_the_order_travels_sealed() -> None:
    handle = Handle(Progress(0, 1, 10), DONE)
    assert await events_of(handle) == [Progress(0, 1, 10), DONE]
    assert handle.options_ == {"stream": True}
    [call] = handle.calls
    assert "secret" not in repr(call)
    assert b"secret" not in call.sealed_order
    assert open_order(call, transport()) == order()


async def test_a_failure_becomes_an_error_with_its_code_and_ends_the_call() -> None:
    handle = Handle(Progress(0, 1, 10), Failed(0, "busy", "all places are taken", 3.0), DONE)
    with pytest.raises(GenerationFailed) as failed:
        await events_of(handle)
    assert (failed.value.code, failed.value.retry_after_s) == ("busy", 3.0)
    assert handle.answers.cancelled


@pytest.mark.parametrize(
    ("error", "retry_after_s"),
    [
        (BackPressureError(num_queued_requests=9, max_queued_requests=8), FULL_RETRY_S),
        (RayError("a replica died, and quotes what it held"), LOST_RETRY_S),
    ],
)
async def test_a_full_or_lost_deployment_says_when_to_come_back(error: Exception, retry_after_s: float) -> None:
    with pytest.raises(GenerationFailed) as failed:
        await events_of(Handle(error))
    assert (failed.value.code, failed.value.status) == ("busy", 503)
    assert failed.value.retry_after_s == retry_after_s
    assert "quotes" not in str(failed.value)


async def test_closing_early_cancels_the_call() -> None:
    handle = Handle(Progress(0, 1, 10), DONE)
    async with aclosing(ServeGenerator(handle, transport()).generate(order())) as events:
        await anext(events)
        assert not handle.answers.cancelled
    assert handle.answers.cancelled
