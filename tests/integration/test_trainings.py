"""Trainings over HTTP."""

from uuid import uuid4

import pytest

from governance.model import JobId, JobPace, JobReport
from serve_apps.billing.prices import prices
from tests.integration.house import House
from tests.integration.people import Person, finish


def test_a_training_tells_how_far_it_is(house: House, person: Person, stranger: Person) -> None:
    ahead = stranger.http.post("/v1/trainings", json={"photos": stranger.upload()}).json()
    begun = person.http.post("/v1/trainings", json={"photos": person.upload(), "preset": "fast", "seed": 3})
    path = begun.headers["location"]
    assert path == f"/v1/trainings/{begun.json()['id']}"
    assert begun.json()["queue_position"] >= 1

    [claimed] = house.call(house.governance.claim_jobs("worker", 1, ids=[JobId(begun.json()["id"])]))
    assert claimed.job.params == {"seed": 3}
    assert person.http.get(path).json()["state"] == "starting"
    pace = JobPace(20, 40, 1.5, ((1, 0.9), (20, 0.4)))
    house.call(house.governance.report_job(claimed.job.id, claimed.attempt, JobReport(0.5, pace=pace)))
    half = person.http.get(path).json()
    assert (half["step"], half["steps"], half["seconds_left"]) == (20, 40, 1.5)
    assert half["loss"] == [{"step": 1, "loss": 0.9}, {"step": 20, "loss": 0.4}]
    assert (half["state"], half["progress"], half["queue_position"]) == ("processing", 0.5, None)
    model = house.call(finish(house, claimed, seed=1))
    done = person.http.get(path).json()
    assert (done["state"], done["model"], done["error"]) == ("succeeded", model, None)
    assert done["finished_at"]
    stranger.http.post(f"/v1/trainings/{ahead['id']}/cancel")


def test_a_queued_training_is_canceled_at_once(person: Person) -> None:
    path = person.http.post("/v1/trainings", json={"photos": person.upload()}).headers["location"]
    assert person.http.post(f"{path}/cancel").status_code == 202
    assert person.http.get(path).json()["state"] == "canceled"


def test_a_finished_training_cannot_be_canceled(person: Person) -> None:
    person.train()
    [done] = person.http.get("/v1/trainings").json()["data"]
    answer = person.http.post(f"/v1/trainings/{done['id']}/cancel")
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


def test_captions_travel_as_artifacts_and_never_in_the_job(house: House, person: Person) -> None:
    photos = person.upload()
    body = {"photos": photos, "captions": {photos[1]: "a face in the sun"}}
    job = house.call(house.governance.job(JobId(person.http.post("/v1/trainings", json=body).json()["id"])))
    assert "sun" not in repr(job)
    [caption] = person.http.get("/v1/artifacts", params={"kind": "caption"}).json()["data"]
    assert caption["parents"] == [photos[1]]
    assert set(job.inputs) == {*photos, caption["id"]}
    assert person.http.get(f"/v1/artifacts/{caption['id']}/content").text == "a face in the sun"


def test_knobs_of_the_recipe_are_the_jobs_and_cost_what_they_come_to(house: House, person: Person) -> None:
    photos, before = person.upload(), person.http.get("/v1/credits").json()
    recipe = {"steps": 360, "rank": 4, "learning_rate": 0.002, "schedule": "cosine", "targets": "attention"}
    body = {"photos": photos, "preset": "fast", "seed": 5, "recipe": recipe}
    made = person.http.post("/v1/trainings", json=body).json()
    assert made["recipe"] == recipe
    [claimed] = house.call(house.governance.claim_jobs("worker", 1, ids=[JobId(made["id"])]))
    assert claimed.job.params == {**recipe, "seed": 5}
    # Twice the steps of the preset, twice its price.
    after, price = person.http.get("/v1/credits").json(), prices().trainings["fast"]
    assert (before["available"] - after["available"], after["held"] - before["held"]) == (2 * price, 2 * price)
    person.http.post(f"/v1/trainings/{made['id']}/cancel")


@pytest.mark.parametrize(
    ("recipe", "code", "where"),
    [
        ({"steps": 2001, "rank": 17}, "invalid_recipe", ["recipe.steps", "recipe.rank"]),
        ({"resolution": 512}, "invalid_recipe", ["recipe.resolution"]),
        ({"steps": 0}, "invalid_request", ["body.recipe.steps"]),
        ({"schedule": "square"}, "invalid_request", ["body.recipe.schedule"]),
        ({"colour": 1}, "invalid_request", ["body.recipe.colour"]),
    ],
)
def test_a_knob_beyond_its_limit_is_named(person: Person, recipe: object, code: str, where: list[str]) -> None:
    answer = person.http.post("/v1/trainings", json={"photos": person.upload(), "recipe": recipe})
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert [one["field"] for one in answer.json()["errors"]] == where


def test_trainings_are_listed_in_pages(person: Person) -> None:
    photos = person.upload()
    ids = [person.http.post("/v1/trainings", json={"photos": photos}).json()["id"] for _ in range(3)]
    first = person.http.get("/v1/trainings", params={"limit": 2}).json()
    second = person.http.get("/v1/trainings", params={"limit": 2, "after": first["next"]}).json()
    assert [each["id"] for each in first["data"] + second["data"]] == ids[::-1]
    assert second["next"] is None


@pytest.mark.parametrize("cursor", ["x", "art_0"])
def test_a_wrong_cursor_is_refused(person: Person, cursor: str) -> None:
    for path in ("/v1/trainings", "/v1/artifacts", "/v1/models"):
        answer = person.http.get(path, params={"after": cursor})
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_cursor")


def test_what_a_training_cannot_be_made_of(person: Person, stranger: Person) -> None:
    photos, theirs = person.upload(), stranger.upload()
    model = person.train()
    gone = person.upload(1)[0]
    person.http.delete(f"/v1/artifacts/{gone}")

    def refused(**body: object) -> tuple[int, str]:
        answer = person.http.post("/v1/trainings", json=body)
        return answer.status_code, answer.json()["code"]

    assert refused(photos=photos[:2]) == (422, "number_of_photos")
    assert refused(photos=[*photos, photos[0]]) == (422, "invalid_request")
    assert refused(photos=[*photos[:2], theirs[0]]) == (404, "not_found")
    assert refused(photos=[*photos[:2], "art_" + uuid4().hex]) == (404, "not_found")
    assert refused(photos=[*photos[:2], gone]) == (410, "gone")
    assert refused(photos=[*photos[:2], model]) == (422, "not_a_photo")
    assert refused(photos=photos, captions={theirs[0]: "x"}) == (422, "invalid_request")
    assert refused(photos=photos, preset="best") == (422, "invalid_request")
