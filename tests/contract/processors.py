"""What every third party that receives personal data must do when it is told to erase: one suite for all of them.

A new processor inherits it. In a test file of its own, give a `Party` and let the suite do the rest:

    class TestStripe(ProcessorContract):
        @pytest.fixture
        async def party(self) -> AsyncIterator[Party]:
            async with localstripe() as server:
                yield StripeParty(server)

`Party` is the test's own view of the third party: it hands data over as the service would, and looks on the other side,
past the processor under test, whether they are still there.
"""

import re
from abc import ABC, abstractmethod
from asyncio import sleep

import pytest

from governance.audit.certificate import ProcessorAnswer
from governance.audit.leaf import check_word
from governance.errors import Unavailable
from governance.ids import RequestId, SubjectId
from governance.processors.processor import Processor

FINAL = {ProcessorAnswer.ERASED, ProcessorAnswer.NOTHING_HELD, ProcessorAnswer.RETAINED_BY_LAW, ProcessorAnswer.REFUSED}
_POLL_S, _POLLS = 0.05, 200
_FIELD = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


class Party(ABC):
    """One third party and the processor that speaks for it."""

    processor: Processor
    keeps = True
    """False for one that keeps nothing which could be erased, such as a relay."""

    @abstractmethod
    async def give(self, subject: SubjectId) -> None:
        """Hand it something of this person, as the service does."""

    @abstractmethod
    async def holds(self, subject: SubjectId) -> bool:
        """Whether it has anything of this person that an erasure must reach, looked up on its own side."""

    @abstractmethod
    async def cut_off(self) -> None:
        """From now on nobody reaches it."""

    @abstractmethod
    async def mend(self) -> None:
        """It can be reached again; what it held it still holds."""


class ProcessorContract:
    """Inherit it and give the fixture `party`."""

    def test_it_says_who_it_is(self, party: Party) -> None:
        registration = party.processor.registration
        check_word("processor", registration.name)
        assert registration.region
        assert registration.purpose
        assert registration.fields
        assert all(_FIELD.fullmatch(one) for one in (registration.purpose, *registration.fields))

    async def test_what_it_received_is_erased(self, party: Party) -> None:
        person = SubjectId.new()
        await party.give(person)
        assert await party.holds(person) is party.keeps
        answer = await told(party, person, RequestId.new())
        assert answer is not ProcessorAnswer.REFUSED
        assert answer in FINAL
        assert not await party.holds(person)

    async def test_nobody_else_loses_anything(self, party: Party) -> None:
        person, other = SubjectId.new(), SubjectId.new()
        await party.give(person)
        await party.give(other)
        await told(party, person, RequestId.new())
        assert await party.holds(other) is party.keeps

    async def test_a_person_it_never_heard_of(self, party: Party) -> None:
        answer = await told(party, SubjectId.new(), RequestId.new())
        assert answer in (ProcessorAnswer.NOTHING_HELD, ProcessorAnswer.ERASED)

    async def test_asked_again_it_answers_the_same_or_better(self, party: Party) -> None:
        person, request = SubjectId.new(), RequestId.new()
        await party.give(person)
        first = await told(party, person, request)
        again = await told(party, person, request)
        assert again in (first, ProcessorAnswer.NOTHING_HELD)

    async def test_data_that_arrive_after_an_erasure_go_too(self, party: Party) -> None:
        """A late writer: the erasure is asked for again and takes them."""
        person, request = SubjectId.new(), RequestId.new()
        await told(party, person, request)
        await party.give(person)
        await told(party, person, request)
        assert not await party.holds(person)

    async def test_out_of_reach_it_raises_our_own_error_and_resumes(self, party: Party) -> None:
        person, request = SubjectId.new(), RequestId.new()
        await party.give(person)
        await party.cut_off()
        with pytest.raises(Unavailable):
            await party.processor.erase(person, request)
        await party.mend()
        assert await told(party, person, request) in FINAL
        assert not await party.holds(person)


async def told(party: Party, subject: SubjectId, request: RequestId) -> ProcessorAnswer:
    """Its final answer; while it is PENDING it is asked again, as the erasure's runner does."""
    for _ in range(_POLLS):
        answer = await party.processor.erase(subject, request)
        if answer is not ProcessorAnswer.PENDING:
            return answer
        await sleep(_POLL_S)
    raise AssertionError("it never came to an answer")
