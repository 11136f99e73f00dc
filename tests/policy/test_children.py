"""P10: children."""

from datetime import UTC, datetime
from uuid import uuid4

import httpx

from tests.integration.house import House
from tests.integration.people import Person, newcomer, sign_up_body
from tests.integration.waiting import until
from tests.policy.evidence import rows


def born(years: int, days: int) -> str:
    """The date of birth of somebody who turns `years` in so many days."""
    today = datetime.now(UTC).date()
    return (
        today.replace(year=today.year - years, day=min(today.day, 28))
        .fromordinal(today.replace(year=today.year - years, day=min(today.day, 28)).toordinal() + days)
        .isoformat()
    )


def test_p10_1_nobody_under_sixteen_signs_up(house: House) -> None:
    """The age is asked; under sixteen is refused and nothing is kept; of an older one only the check is."""
    email = f"{uuid4().hex}@example.org"
    without = sign_up_body(email)
    del without["date_of_birth"]
    assert httpx.post(f"{house.url}/v1/accounts", json=without).status_code == 422
    young = httpx.post(f"{house.url}/v1/accounts", json=sign_up_body(email, date_of_birth=born(16, 30)))
    assert (young.status_code, young.json()["code"]) == (403, "under_minimum_age")
    old = sign_up_body(email, date_of_birth=born(16, -30))
    assert httpx.post(f"{house.url}/v1/accounts", json=old).status_code == 201
    assert born(16, -30).encode() not in rows(house)
    assert newcomer(house).http.get("/v1/account").json()["age_checked"] is True


def test_p10_2_a_childs_data_is_taken_down(house: House, person: Person, officer: Person) -> None:
    """One command suspends at once and erases everything; the record that stays has no personal data."""
    model = person.train()
    taken = officer.http.post("/v1/dpo/takedowns", json={"target": person.id})
    assert taken.status_code == 202, taken.text
    assert person.http.get("/v1/account").status_code == 410
    assert person.picture(model=model).status_code == 410
    request = taken.json()["request"]
    until(lambda: officer.http.get(f"/v1/dpo/requests/{request}").json()["state"] == "answered")
    assert set(taken.json()) == {"object", "request", "reason", "ordered_at"}
    assert taken.json()["reason"] == "child"
