"""An alarm before the month, the week or the 72 hours are over, once for each stage."""

from governance.model import Kind
from governance.rights.model import (
    BreachNature,
    BreachRisk,
    BreachStep,
    ClockKind,
    NewBreach,
    NewRightsRequest,
    Outcome,
    Right,
    Settlement,
    Stage,
)
from governance.service import GovernanceService
from tests.support.governance import sign_up


async def test_a_month_warns_a_week_before_it_is_over(service: GovernanceService, clock) -> None:
    person = await sign_up(service)
    asked = await service.ask(NewRightsRequest(Right.RECTIFICATION, person.id))
    alarms = service.parts.rights.alarms
    assert await alarms.sweep() == []
    clock.turn(days=24.5)
    await alarms.sweep()
    assert [(one.about, one.kind, one.stage) for one in await service.alarms()] == [
        (asked.id, ClockKind.RIGHT, Stage.SOON)
    ]
    assert await alarms.sweep() == [], "each stage once"
    clock.turn(days=7)
    await alarms.sweep()
    assert [one.stage for one in await service.alarms()] == [Stage.OVERDUE]
    assert "requests-overdue" in (await service.compliance_report()).findings
    await service.settle(asked.id, Settlement(Outcome.REFUSED_UNFOUNDED))
    assert await service.alarms() == []
    report = await service.compliance_report()
    assert report.events["request.overdue"] == 1
    assert report.answered_late == 1


async def test_a_breach_warns_a_day_before_its_72_hours_are_over(service: GovernanceService, clock) -> None:
    new = NewBreach("incident-1", (BreachNature.CONFIDENTIALITY,), (Kind.PHOTO,), 3, BreachRisk.RISK)
    breach = await service.record_breach(new)
    alarms = service.parts.rights.alarms
    clock.turn(hours=49)
    await alarms.sweep()
    assert [(one.about, one.kind) for one in await service.alarms()] == [(breach.id, ClockKind.BREACH)]
    await service.advance_breach(breach.id, BreachStep.NOTIFY_AUTHORITY)
    assert await service.alarms() == []
