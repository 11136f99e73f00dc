"""Register and report say what is in policy, ledger and log, and notice when the log was changed."""

from governance.holder import Holder
from governance.model import Purpose
from governance.service import GovernanceService
from tests.support.governance import completed, photo, sign_up


async def test_the_register_is_the_policy_and_the_processors(service: GovernanceService) -> None:
    register = await service.processing_register()
    assert {one.purpose for one in register.purposes} == set(Purpose)
    (training,) = [one for one in register.purposes if one.purpose is Purpose.TRAINING]
    assert (training.basis, training.retention_days["photo"]) == ("contract", 30)
    assert "object-storage" in {one.name for one in register.recipients}
    assert register.controller == "PixReunion"


async def test_the_report_counts_and_finds_nothing_wrong(service: GovernanceService, holder: Holder) -> None:
    person = await sign_up(service)
    await photo(holder, person.id)
    await completed(service, (await service.erase(person.id)).id)
    report = await service.compliance_report()
    assert report.findings == ()
    assert report.people == {"erased": 1}
    assert report.artifacts == {"photo": {"erased": 1}}
    assert report.erasures["completed"] == 1
    assert report.events["artifact.erased"] == 1
    assert sum(report.events.values()) == report.log_size


async def test_a_changed_log_is_noticed(service: GovernanceService) -> None:
    await sign_up(service)
    async with service.parts.database.transaction() as conn:
        await conn.execute('UPDATE audit_leaves SET data = \'{"event":"nothing"}\' WHERE index = 0')
    assert "audit-log-tampered" in (await service.compliance_report()).findings
