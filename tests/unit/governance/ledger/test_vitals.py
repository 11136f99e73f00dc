from datetime import timedelta

from governance.clock import utc_now
from governance.ledger import notices, vitals
from governance.people.model import NewNotice, Template
from governance.service import GovernanceService
from tests.support.governance import sign_up


async def test_a_quiet_service_owes_nothing(service: GovernanceService) -> None:
    told = await service.vitals()
    assert (told.open_erasures, told.overdue_erasures, told.past_deadline, told.deliveries_due) == (0, 0, 0, 0)
    assert told.least_time_left_s is None
    assert told.epochs_alive == 1


async def test_what_should_have_gone_out_is_late_and_what_is_to_go_later_is_not(service: GovernanceService) -> None:
    person, now = await sign_up(service), utc_now()
    async with service.parts.database.transaction() as conn:
        await notices.queue(conn, NewNotice(person.id, Template.TRAINING_FAILED, "one", {"training": "job_1"}), now)
        before = await vitals.read(conn, now - timedelta(seconds=5))
        after = await vitals.read(conn, now + timedelta(seconds=90))
    assert (before.notices_due, before.notice_late_s) == (0, 0.0)
    assert (after.notices_due, round(after.notice_late_s)) == (1, 90)
