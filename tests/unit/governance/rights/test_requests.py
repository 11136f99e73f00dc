"""Each right is a request with a clock, a state and an answer."""

from uuid import uuid4

import pytest

from governance.errors import Conflict, Frozen, NotFound, Objected, Refused
from governance.holder import Holder
from governance.model import JobState, NewJob, NewRun, Purpose, RunState, SubjectStatus
from governance.rights import clocks
from governance.rights.model import NewRightsRequest, Outcome, Right, RightState, Settlement
from governance.service import GovernanceService
from tests.support.governance import completed, holding, photo, sign_up


async def test_access_is_received_taken_put_back_and_answered(service: GovernanceService) -> None:
    person = await sign_up(service)
    asked = await service.ask(NewRightsRequest(Right.ACCESS, person.id))
    assert asked.state is RightState.RECEIVED
    assert asked.due_at == clocks.due(asked.created_at)
    assert await service.ask(NewRightsRequest(Right.ACCESS, person.id)) == asked, "one archive at a time"
    taken = await service.take_export()
    assert taken is not None
    assert (taken.id, taken.state) == (asked.id, RightState.WORKING)
    assert await service.take_export() is None, "nobody else makes it meanwhile"
    await service.put_back_export(asked.id)
    assert (await service.rights_request(asked.id, person.id)).state is RightState.RECEIVED
    end = Settlement(Outcome.FULFILLED)
    answered = await service.settle(asked.id, end)
    assert (answered.state, answered.outcome) == (RightState.ANSWERED, Outcome.FULFILLED)
    assert await service.settle(asked.id, end) == answered
    with pytest.raises(Conflict):
        await service.settle(asked.id, Settlement(Outcome.REFUSED_IDENTITY))
    with pytest.raises(Conflict):
        await service.withdraw(asked.id, person.id)


async def test_an_export_whose_maker_died_is_made_by_another(service: GovernanceService, clock) -> None:
    person = await sign_up(service)
    asked = await service.ask(NewRightsRequest(Right.PORTABILITY, person.id))
    await service.take_export()
    clock.turn(minutes=16)
    again = await service.take_export()
    assert again is not None
    assert again.id == asked.id


async def test_restriction_freezes_until_it_is_withdrawn(service: GovernanceService) -> None:
    person = await sign_up(service)
    asked = await service.ask(NewRightsRequest(Right.RESTRICTION, person.id))
    assert asked.state is RightState.ANSWERED
    assert (await service.subject(person.id)).status is SubjectStatus.FROZEN
    with pytest.raises(Frozen):
        await service.start_run(NewRun(Purpose.TRAINING, (person.id,)))
    assert (await service.start_run(NewRun(Purpose.EXPORT, (person.id,)))).state is RunState.RUNNING
    withdrawn = await service.withdraw(asked.id, person.id)
    assert withdrawn.state is RightState.WITHDRAWN
    assert (await service.subject(person.id)).status is SubjectStatus.ACTIVE


async def test_a_lifted_restriction_is_in_force_no_more(service: GovernanceService) -> None:
    person = await sign_up(service)
    asked = await service.ask(NewRightsRequest(Right.RESTRICTION, person.id))
    await service.lift(person.id)
    assert (await service.rights_request(asked.id)).state is RightState.WITHDRAWN


async def test_objection_ends_what_runs_and_refuses_what_would(service: GovernanceService) -> None:
    person = await sign_up(service)
    async with holding(service) as holder:
        taken = await photo(holder, person.id)
        job = await service.enqueue_job(NewJob(person.id, (taken.id,), "fast"))
        (claimed,) = await service.claim_jobs("worker", 1, ids=[job.id])
        run = await service.start_run(NewRun(Purpose.TRAINING, (person.id,), (taken.id,)))
        asked = await service.ask(NewRightsRequest(Right.OBJECTION, person.id, purpose=Purpose.TRAINING))
        assert asked.outcome is Outcome.FULFILLED
        assert (await service.job(claimed.job.id)).state is JobState.CANCELED
        assert (await service.finish_run(run.id, RunState.SUCCEEDED)).state is RunState.CANCELED
        for refused in (
            service.enqueue_job(NewJob(person.id, (taken.id,), "fast")),
            service.start_run(NewRun(Purpose.TRAINING, (person.id,))),
            photo(holder, person.id),
        ):
            with pytest.raises(Objected):
                await refused
        with pytest.raises(Objected):
            async with holder.plaintext(taken.id, Purpose.TRAINING):
                pass
        async with holder.plaintext(taken.id, Purpose.DELIVERY) as data:
            assert bytes(data) == b"a face"
        assert await service.objections(person.id) == {Purpose.TRAINING}
        await service.withdraw(asked.id, person.id)
        assert await service.objections(person.id) == frozenset()
        assert (await service.enqueue_job(NewJob(person.id, (taken.id,), "fast"))).state is JobState.QUEUED


async def test_security_is_weighed_by_the_officer_and_the_contract_goes_on(service: GovernanceService) -> None:
    person = await sign_up(service)
    asked = await service.ask(NewRightsRequest(Right.OBJECTION, person.id, purpose=Purpose.SECURITY))
    assert asked.state is RightState.RECEIVED
    assert await service.objections(person.id) == frozenset()
    await service.settle(asked.id, Settlement(Outcome.FULFILLED))
    assert await service.objections(person.id) == {Purpose.SECURITY}
    for purpose in (Purpose.ACCOUNT, Purpose.EXPORT, Purpose.LEGAL):
        with pytest.raises(Refused, match="cannot be objected to"):
            await service.ask(NewRightsRequest(Right.OBJECTION, person.id, purpose=purpose))


async def test_the_officer_extends_once(service: GovernanceService) -> None:
    person = await sign_up(service)
    asked = await service.ask(NewRightsRequest(Right.RECTIFICATION, person.id))
    longer = await service.extend(asked.id)
    assert longer.due_at == clocks.extended(asked.created_at)
    with pytest.raises(Conflict):
        await service.extend(asked.id)


async def test_an_erasure_stands_in_the_same_queue(service: GovernanceService, holder: Holder) -> None:
    person, other = await sign_up(service), await sign_up(service)
    taken = await photo(holder, person.id)
    number = uuid4()
    asked = await service.ask(NewRightsRequest(Right.ERASURE, person.id, artifact=taken.id, number=number))
    assert asked.right is Right.ERASURE
    assert await service.ask(NewRightsRequest(Right.ACCESS, other.id, number=number)) is not None
    known = await service.rights_by_number(number)
    assert known is not None
    assert known.id == asked.id, "a number is given once"
    await completed(service, asked.id)
    listed = await service.rights_requests(person.id)
    assert [(one.right, one.state) for one in listed.items] == [(Right.ERASURE, RightState.ANSWERED)]
    with pytest.raises(NotFound):
        await service.rights_request(asked.id, other.id)
    with pytest.raises(Conflict, match="by itself"):
        await service.settle(asked.id, Settlement(Outcome.FULFILLED))


async def test_erasing_a_person_ends_their_requests(service: GovernanceService) -> None:
    person = await sign_up(service)
    asked = await service.ask(NewRightsRequest(Right.ACCESS, person.id))
    await completed(service, (await service.erase(person.id)).id)
    assert (await service.rights_request(asked.id)).state is RightState.WITHDRAWN
    assert await service.take_export() is None
