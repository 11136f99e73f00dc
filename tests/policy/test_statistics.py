"""P3.7: usage statistics."""

from datetime import timedelta

from governance.clock import ManualClock
from governance.model import Role
from governance.statistics.model import SMALLEST_GROUP
from tests.integration.house import House
from tests.integration.people import newcomer


def test_p3_7_statistics_are_sums_without_small_groups(patient_house: House, clock: ManualClock) -> None:
    """Accounts made by many have a number, pictures made by one have none, and nobody's id is anywhere."""
    clock.move(timedelta(days=1))
    day = clock().date()
    people = [newcomer(patient_house) for _ in range(SMALLEST_GROUP)]
    assert people[0].picture().status_code == 200
    clock.move(timedelta(days=1))
    patient_house.call(patient_house.governance.parts.statistics.count())
    officer = people[0].works_as(Role.DPO)
    period = {"first": day.isoformat(), "last": day.isoformat()}
    answer = officer.get("/v1/dpo/statistics", params=period)
    found = {one["what"]: one for one in answer.json()["data"]}
    assert found["accounts"]["people"] >= SMALLEST_GROUP
    assert (found["pictures"]["people"], found["pictures"]["amount"]) == (None, None)
    assert not any(person.id in answer.text for person in people)
