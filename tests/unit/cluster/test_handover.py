"""The way to the generator: found beside, kept, asked for again when there was none, never waited for long."""

import threading
from time import monotonic
from typing import Any

import pytest

from cluster import handover
from cluster.handover import ServedGenerator
from governance.model import ArtifactId
from tests.support.waiting import eventually

ID = ArtifactId.new()


class Handle:
    """A deployment's, as far as it is used."""

    def __init__(self, answer: Any) -> None:
        self.receive = self
        self.given: list[tuple[ArtifactId, bytes]] = []
        self._answer = answer

    async def remote(self, adapter: ArtifactId, sealed: bytes) -> Any:
        self.given.append((adapter, sealed))
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


async def test_an_adapter_is_offered_to_the_generator_that_was_found_once() -> None:
    handle, asked = Handle(True), []
    way = ServedGenerator(lambda: asked.append(1) or handle)
    way.expect()
    assert await way.offer(ID, b"sealed")
    assert await way.offer(ID, b"again")
    assert handle.given == [(ID, b"sealed"), (ID, b"again")]
    assert asked == [1]


@pytest.mark.parametrize("answer", [False, RuntimeError("a replica died")])
async def test_what_is_not_taken_is_told_and_harms_nobody(answer: Any) -> None:
    assert not await ServedGenerator(lambda: Handle(answer)).offer(ID, b"sealed")


async def test_where_nothing_is_served_it_is_looked_for_again() -> None:
    found: list[Handle] = []

    def find() -> Handle:
        if not found:
            raise KeyError("no such deployment")
        return found[0]

    way = ServedGenerator(find)
    assert not await way.offer(ID, b"sealed")
    found.append(Handle(True))
    assert await way.offer(ID, b"sealed")


async def test_a_question_that_is_never_answered_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handover, "WITHIN_S", 0.05)
    answer = threading.Event()
    handle = Handle(True)
    way = ServedGenerator(lambda: answer.wait(60) and handle)
    began = monotonic()
    assert not await way.offer(ID, b"sealed")
    assert not await way.offer(ID, b"sealed"), "it is still looked for"
    assert monotonic() - began < 30
    answer.set()
    await eventually(lambda: way.offer(ID, b"sealed"))
    assert handle.given
