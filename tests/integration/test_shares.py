"""Pictures of several people over HTTP."""

import base64
import io

import pytest
from PIL import Image

from tests.integration.people import Person


def agreed(giver: Person, receiver: Person, model: str) -> str:
    answer = giver.http.post("/v1/shares", json={"model": model, "receiver": receiver.id})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def test_two_people_stand_side_by_side_in_one_picture_that_is_both_theirs(person: Person, stranger: Person) -> None:
    hers, his = person.train(1), stranger.train(2)
    share = agreed(stranger, person, his)
    assert agreed(stranger, person, his) == share
    for one in (person, stranger):
        assert [each["id"] for each in one.http.get("/v1/shares").json()["data"]] == [share]
    answer = person.picture(people=[{"model": hers}, {"model": his}], size="32x16", n=2, seed=5)
    assert answer.status_code == 200, answer.text
    first, second = answer.json()["data"]
    with Image.open(io.BytesIO(base64.b64decode(first["b64_json"]))) as image:
        assert image.size == (60, 16)
    listed = stranger.http.get("/v1/artifacts", params={"kind": "image"}).json()["data"]
    assert {one["id"] for one in listed} == {first["artifact"], second["artifact"]}
    prompts = stranger.http.get("/v1/artifacts", params={"kind": "prompt"}).json()["data"]
    assert prompts == [], "what she wrote is hers alone"


def test_either_removes_the_picture(person: Person, stranger: Person) -> None:
    hers, his = person.train(1), stranger.train(2)
    agreed(stranger, person, his)
    people = [{"model": hers}, {"model": his}]
    for one in (person, stranger):
        made = person.picture(people=people).json()["data"][0]["artifact"]
        assert one.http.delete(f"/v1/artifacts/{made}").status_code == 202
        assert person.http.get(f"/v1/artifacts/{made}").status_code == 410
    made = person.picture(people=people).json()["data"][0]["artifact"]
    assert stranger.http.delete("/v1/account").status_code == 202
    assert person.http.get(f"/v1/artifacts/{made}").status_code == 410
    assert person.http.get(f"/v1/artifacts/{hers}").status_code == 200


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"people": [{"model": "MINE"}]}, "people"),
        ({"people": [{"model": "MINE"}] * 2, "model": "MINE"}, "people"),
        ({"people": [{"model": "MINE"}] * 2, "n": 3}, "n"),
        ({"people": [{"model": "MINE"}] * 2, "stream": True, "partial_images": 1}, "partial_images"),
    ],
)
def test_what_cannot_be_made_of_several_is_refused(person: Person, body: dict[str, object], param: str) -> None:
    answer = person.picture(**body)
    assert (answer.status_code, answer.json()["error"]["param"]) == (422, param)


def test_a_model_can_be_shared_with_a_living_account_only(person: Person) -> None:
    model = person.train()
    for receiver, status in ((person.id, 403), ("sub_" + "0" * 32, 404), ("nobody", 404)):
        answer = person.http.post("/v1/shares", json={"model": model, "receiver": receiver})
        assert answer.status_code == status, answer.text
