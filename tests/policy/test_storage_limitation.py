"""P2.7, P6.1, P6.4 and P6.5: nothing outlives its deadline, and the account lives as long as it is wanted."""

from datetime import datetime, timedelta

from governance.clock import ManualClock
from tests.integration.house import House
from tests.integration.people import newcomer
from tests.integration.waiting import until

MONTH = timedelta(days=30)


def test_p2_7_nothing_outlives_its_deadline(patient_house: House, clock: ManualClock) -> None:
    """A month after the upload photos, model and pictures answer 410 though nobody asked; the account stays."""
    person = newcomer(patient_house)
    model = person.train()
    picture = person.picture(model=model)
    assert picture.status_code == 200, picture.text
    before = person.http.get("/v1/artifacts").json()["data"]
    assert {one["kind"] for one in before} >= {"photo", "adapter", "image", "prompt"}
    clock.move(MONTH + timedelta(seconds=1))
    signed_in = person.sign_in()
    until(lambda: [one["kind"] for one in signed_in.get("/v1/artifacts").json()["data"]] == ["profile"])
    assert {
        signed_in.get(f"/v1/artifacts/{one['id']}/content").status_code for one in before if one["kind"] != "profile"
    } == {410}
    until(lambda: {one["kind"] for one in signed_in.get("/v1/artifacts").json()["data"]} == {"profile"})
    gone = [one["id"] for one in before if one["kind"] != "profile"]
    assert {signed_in.get(f"/v1/artifacts/{id_}/content").status_code for id_ in gone} == {410}
    assert signed_in.get("/v1/account").json()["email"] == person.email


def test_p6_4_an_upload_and_all_derived_from_it_has_thirty_days(patient_house: House, clock: ManualClock) -> None:
    """Whatever is made from a photo, and whenever, goes on the photo's day at the latest."""
    person = newcomer(patient_house)
    uploaded = clock()
    photos = person.upload()
    clock.move(timedelta(days=20))
    person.sign_in()
    answer = person.http.post("/v1/trainings", json={"photos": photos, "preset": "fast"})
    model = person.work_off(answer.json()["id"])
    assert person.picture(model=model).status_code == 200
    for one in person.http.get("/v1/artifacts").json()["data"]:
        if one["kind"] in ("photo", "adapter", "image"):
            assert datetime.fromisoformat(one["deadline"]) <= uploaded + MONTH, one


def test_p6_5_a_picture_of_the_base_model_has_thirty_days(patient_house: House, clock: ManualClock) -> None:
    """A picture that was made from nobody's photos still has a deadline of its own."""
    person = newcomer(patient_house)
    assert person.picture().status_code == 200
    [image] = person.http.get("/v1/artifacts", params={"kind": "image"}).json()["data"]
    assert datetime.fromisoformat(image["deadline"]) - clock() <= MONTH


def test_p6_1_an_account_lives_as_long_as_it_is_active(patient_house: House, clock: ManualClock) -> None:
    """Two years later the account is there as it was; erased, nothing of it can be read."""
    person = newcomer(patient_house)
    clock.move(timedelta(days=730))
    assert person.sign_in().get("/v1/account").json()["name"] == "Ada Example"
    assert person.http.delete("/v1/account").status_code == 202
    assert person.http.get("/v1/account").status_code == 410
