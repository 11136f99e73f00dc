"""P4: what it is used for."""

from datetime import UTC, datetime, timedelta

import httpx

from tests.integration.house import House
from tests.integration.people import PASSWORD, Person, newcomer


def test_p4_3_nobodys_photos_enter_what_is_shared(house: House, person: Person) -> None:
    """What one person trains and makes leaves everybody else's pictures the same, bit for bit."""
    stranger = newcomer(house)
    asked = {"prompt": "a face", "seed": 7}
    picture = stranger.pixels(**asked)
    model = person.train(seed=5)
    own = person.pixels(model=model, **asked)
    assert own != picture
    assert stranger.pixels(**asked) == picture


def test_p4_4_photos_become_a_model_and_pictures(person: Person) -> None:
    """Sign up, upload, train, make pictures, fetch them."""
    model = person.train()
    assert model in [one["id"] for one in person.http.get("/v1/models").json()["data"]]
    assert person.picture(model=model, n=2).status_code == 200
    made = person.http.get("/v1/artifacts", params={"kind": "image"}).json()["data"]
    assert len(made) == 2
    for one in made:
        content = person.http.get(f"/v1/artifacts/{one['id']}/content")
        assert content.headers["content-type"] == "image/png"


def test_p4_5_guessing_is_slowed_down(person: Person) -> None:
    """Ten wrong passwords, and the eleventh attempt waits; whether the account exists makes no difference."""
    for email in (person.email, "nobody-" + person.email):
        body = {"email": email, "password": "not the password"}
        answers = [httpx.post(f"{person.house.url}/v1/sessions", json=body) for _ in range(11)]
        assert [one.status_code for one in answers] == [401] * 10 + [429]
        assert int(answers[-1].headers["retry-after"]) > 0
    right = {"email": person.email, "password": PASSWORD}
    assert httpx.post(f"{person.house.url}/v1/sessions", json=right).status_code == 429


def test_p4_5_a_legal_hold_has_a_basis_and_an_end(person: Person, officer: Person) -> None:
    """A hold keeps one photo after the erasure and says why; without a basis or an end there is none."""
    photo, other = person.upload(2)
    until = (datetime.now(UTC) + timedelta(days=90)).isoformat()
    for missing in ("basis", "until"):
        body = {"artifact": photo, "basis": "court-order", "until": until}
        del body[missing]
        assert officer.http.post("/v1/dpo/holds", json=body).status_code == 422
    hold = {"artifact": photo, "basis": "court-order", "until": until}
    placed = officer.http.post("/v1/dpo/holds", json=hold)
    assert (placed.status_code, placed.json()["basis"]) == (201, "court-order")
    request = person.http.delete("/v1/account").json()
    assert request["held"] == {"photo": 1}
    assert other
    assert person.http.get(f"/v1/artifacts/{photo}/content").status_code == 410
