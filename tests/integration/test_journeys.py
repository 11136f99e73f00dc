"""The three journeys over HTTP: train, generate, erase."""

import base64
import io

import httpx
from PIL import Image

from governance.audit.verify import verify
from governance.model import JobId
from tests.integration.house import House
from tests.integration.people import Person, picture, work_off
from tests.integration.waiting import until


def test_photos_become_a_model_and_the_model_makes_pictures(house: House, person: Person) -> None:
    photos = person.upload(4)
    begun = person.http.post(
        "/v1/trainings", json={"photos": photos, "preset": "fast", "captions": {photos[0]: "a face in the sun"}}
    )
    assert begun.status_code == 202
    assert begun.json()["state"] == "queued"
    assert begun.json()["progress"] == 0
    adapter = work_off(house, JobId(begun.json()["id"]), seed=3)

    done = person.http.get(begun.headers["location"]).json()

    assert (done["state"], done["model"], done["progress"]) == ("succeeded", adapter, 1.0)
    answer = person.picture(model=adapter, n=2, seed=7)
    assert answer.status_code == 200
    pictures = [Image.open(io.BytesIO(base64.b64decode(each["b64_json"]))) for each in answer.json()["data"]]
    assert [picture.size for picture in pictures] == [(16, 16)] * 2
    first, second = (picture.tobytes() for picture in pictures)
    assert first != second
    assert person.pixels(seed=7) != first, "the adapter must make a difference"


def test_the_same_request_gives_the_same_picture(person: Person) -> None:
    model = person.train()
    first, second = (person.pixels(model=model, seed=5) for _ in range(2))
    assert first == second


def test_after_the_account_is_erased_every_id_is_gone_and_the_certificate_says_so(person: Person) -> None:
    model = person.train()
    link = person.picture(model=model, response_format="url").json()["data"][0]["url"]
    assert httpx.get(link).status_code == 200
    listed = person.http.get("/v1/artifacts").json()["data"]
    kinds = {each["kind"] for each in listed}
    assert kinds == {"photo", "adapter", "prompt", "image", "profile"}

    erased = person.http.delete("/v1/account")

    assert erased.status_code == 202
    assert erased.json()["counts"]["photo"] == 3
    for each in listed:
        assert person.http.get(f"/v1/artifacts/{each['id']}").status_code == 410
        assert person.http.get(f"/v1/artifacts/{each['id']}/content").status_code == 410
    assert httpx.get(link).status_code == 410
    for path in ("/v1/account", "/v1/artifacts", "/v1/trainings", "/v1/models"):
        answer = person.http.get(path)
        assert (answer.status_code, answer.json()["code"]) == (410, "gone")
    assert person.picture(model=model).status_code == 410
    request = erased.headers["location"]
    certificate = until(lambda: _certificate(person, request))
    assert verify(certificate).body.request == request.rsplit("/", 1)[1]
    assert person.http.post("/v1/sessions", json={"email": person.email, "password": "x"}).status_code == 401


def test_erasing_one_photo_takes_the_model_and_its_pictures_along(house: House, person: Person) -> None:
    model = person.train()
    image = person.picture(model=model).json()["data"][0]["artifact"]
    photo = person.http.get("/v1/artifacts", params={"kind": "photo"}).json()["data"][0]["id"]
    untouched = person.upload(1)[0]
    assert model in house.engine.stats().resident

    assert person.http.delete(f"/v1/artifacts/{photo}").status_code == 202

    assert [person.http.get(f"/v1/artifacts/{id_}").status_code for id_ in (photo, model, image)] == [410] * 3
    assert person.http.get(f"/v1/artifacts/{untouched}").status_code == 200
    assert person.picture(model=model).json()["error"]["code"] == "gone"
    until(lambda: model not in house.engine.stats().resident)


def test_what_was_uploaded_comes_back_without_its_metadata(person: Person) -> None:
    exif = Image.Exif()
    exif[0x010E] = "a secret place"
    file = picture(64, "JPEG", exif=exif.tobytes())
    [photo] = person.http.post("/v1/uploads", files=[("photos", ("a.jpg", file, "image/jpeg"))]).json()["data"]
    content = person.http.get(f"/v1/artifacts/{photo['id']}/content")
    assert content.headers["content-type"] == "image/jpeg"
    assert content.headers["cache-control"] == "no-store"
    assert b"a secret place" in file
    assert b"a secret place" not in content.content
    assert len(Image.open(io.BytesIO(content.content)).getexif()) == 0


def _certificate(person: Person, request: str) -> bytes | None:
    answer = person.http.get(f"{request}/certificate")
    assert answer.status_code in (200, 404), answer.text
    return answer.content if answer.status_code == 200 else None
