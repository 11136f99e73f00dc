"""72 hours, and nobody closes a breach before those were told who must be."""

from dataclasses import replace
from datetime import timedelta

import pytest

from governance.errors import Conflict, NotFound, Refused
from governance.model import Kind
from governance.rights.model import BreachId, BreachNature, BreachRisk, BreachState, BreachStep, NewBreach
from governance.service import GovernanceService

NEW = NewBreach("incident-1", (BreachNature.CONFIDENTIALITY,), (Kind.PHOTO,), 3, BreachRisk.HIGH)


async def test_the_whole_way_of_a_breach_with_a_high_risk(service: GovernanceService) -> None:
    breach = await service.record_breach(NEW)
    assert breach.due_at - breach.found_at == timedelta(hours=72)
    with pytest.raises(Refused, match="authority first"):
        await service.advance_breach(breach.id, BreachStep.CLOSE)
    await service.advance_breach(breach.id, BreachStep.NOTIFY_AUTHORITY)
    with pytest.raises(Refused, match="people first"):
        await service.advance_breach(breach.id, BreachStep.CLOSE)
    await service.advance_breach(breach.id, BreachStep.TELL_PEOPLE)
    closed = await service.advance_breach(breach.id, BreachStep.CLOSE)
    assert closed.state is BreachState.CLOSED
    assert await service.advance_breach(breach.id, BreachStep.CLOSE) == closed
    with pytest.raises(Conflict):
        await service.advance_breach(breach.id, BreachStep.TELL_PEOPLE)
    assert [one.id for one in await service.breaches()] == [breach.id]


async def test_a_late_notification_says_why(service: GovernanceService, clock) -> None:
    breach = await service.record_breach(NEW)
    clock.turn(hours=73)
    with pytest.raises(Refused, match="72 hours"):
        await service.advance_breach(breach.id, BreachStep.NOTIFY_AUTHORITY)
    told = await service.advance_breach(breach.id, BreachStep.NOTIFY_AUTHORITY, "facts-came-late")
    assert told.late_reason == "facts-came-late"
    assert "breaches-notified-late" in (await service.compliance_report()).findings


async def test_what_cannot_be_is_refused(service: GovernanceService, clock) -> None:
    for wrong in (
        replace(NEW, reference="Ada's photos leaked"),
        replace(NEW, nature=()),
        replace(NEW, people=-1),
        replace(NEW, found_at=clock() + timedelta(hours=1)),
    ):
        with pytest.raises(Refused):
            await service.record_breach(wrong)
    with pytest.raises(NotFound):
        await service.advance_breach(BreachId.new(), BreachStep.CLOSE)
