"""Photos over HTTP: every refusal says which photo and why, and then none is kept."""

import io
import json
from contextlib import closing
from http.client import HTTPConnection

import numpy as np
from PIL import Image, ImageFilter

from tests.integration.people import Person, picture


def upload(person: Person, *files: bytes) -> tuple[int, dict[str, object]]:
    form = [("photos", (f"{n}.jpg", data, "image/jpeg")) for n, data in enumerate(files)]
    answer = person.http.post("/v1/uploads", files=form)
    return answer.status_code, answer.json()


def kept(person: Person) -> int:
    return len(person.http.get("/v1/artifacts", params={"kind": "photo"}).json()["data"])


def test_photos_are_artifacts_with_a_deadline(person: Person) -> None:
    status, answer = upload(person, picture(), picture(kind="WEBP"), picture(kind="HEIF"), picture(kind="AVIF"))
    assert status == 201
    photos = answer["data"]
    assert isinstance(photos, list)
    assert [photo["kind"] for photo in photos] == ["photo"] * 4
    assert all(photo["deadline"] for photo in photos)


def test_one_bad_photo_refuses_all_and_each_fault_is_named(person: Person) -> None:
    status, answer = upload(person, picture(), b"", picture()[:200], picture(8), b"GIF89a" * 20, bytes(400_001))
    assert (status, answer["code"]) == (422, "photos_refused")
    errors = answer["errors"]
    assert isinstance(errors, list)
    assert [(each["field"], each["code"]) for each in errors] == [
        ("photos[1] (1.jpg)", "photo_empty"),
        ("photos[2] (2.jpg)", "photo_broken"),
        ("photos[3] (3.jpg)", "photo_too_small"),
        ("photos[4] (4.jpg)", "photo_type"),
        ("photos[5] (5.jpg)", "photo_too_many_bytes"),
    ]
    assert kept(person) == 0


def test_forms_without_photos_and_with_too_many(person: Person) -> None:
    empty = person.http.post("/v1/uploads", files={"note": (None, "hello")})
    assert (empty.status_code, empty.json()["code"]) == (422, "no_photos")
    status, answer = upload(person, *[picture()] * 13)
    assert (status, answer["code"]) == (422, "too_many_photos")
    json = person.http.post("/v1/uploads", json={"photos": []})
    assert (json.status_code, json.json()["code"]) == (422, "not_multipart")


def test_a_form_that_is_far_too_large(person: Person) -> None:
    status, answer = upload(person, bytes(5_000_000))
    assert (status, answer["code"]) == (413, "too_large")


def test_a_large_json_body_is_refused(person: Person) -> None:
    answer = person.http.post("/v1/trainings", json={"photos": ["x" * 1_100_000]})
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_a_hundred_megabytes_are_refused_before_they_are_sent(person: Person) -> None:
    with closing(HTTPConnection("127.0.0.1", person.house.port, timeout=60)) as connection:
        connection.putrequest("POST", "/v1/uploads")
        connection.putheader("Authorization", f"Bearer {person.token}")
        connection.putheader("Content-Type", "multipart/form-data; boundary=x")
        connection.putheader("Content-Length", "100000000")
        connection.endheaders()
        answer = connection.getresponse()
        assert (answer.status, json.loads(answer.read())["code"]) == (413, "too_large")


def several() -> bytes:
    first, buffer = Image.new("RGB", (40, 40), "red"), io.BytesIO()
    first.save(buffer, "PNG", save_all=True, append_images=[Image.new("RGB", (40, 40), "blue")])
    return buffer.getvalue()


def test_every_kind_of_hostile_file_has_its_answer(person: Person) -> None:
    bomb = bytearray(picture(kind="JPEG"))
    start = bomb.index(b"\xff\xc0") + 5
    bomb[start : start + 4] = b"\xff\xdc\xff\xdc"
    tiff = io.BytesIO()
    Image.new("RGB", (40, 40)).save(tiff, "TIFF")
    status, answer = upload(person, several(), bytes(bomb), tiff.getvalue(), picture()[:200])
    assert status == 422
    errors = answer["errors"]
    assert isinstance(errors, list)
    expected = ["photo_animated", "photo_too_many_pixels", "photo_type", "photo_broken"]
    assert [each["code"] for each in errors] == expected
    assert all(each["detail"] for each in errors)


def test_unusual_but_honest_photos_are_taken_in(person: Person) -> None:
    cmyk, grey = io.BytesIO(), io.BytesIO()
    Image.open(io.BytesIO(picture(seed=1))).convert("CMYK").save(cmyk, "JPEG")
    Image.fromarray(np.random.default_rng(2).integers(0, 65_536, (48, 48), np.uint16)).save(grey, "PNG")
    exif = b"Exif\x00\x00MM\x00\x2a\xff\xff\xff\xff"
    two_things = picture(seed=4) + b"PK\x03\x04<script>alert(1)</script>"
    status, answer = upload(person, cmyk.getvalue(), grey.getvalue(), picture(kind="JPEG", exif=exif), two_things)
    assert status == 201, answer
    photos = answer["data"]
    assert isinstance(photos, list)
    for photo in photos:
        content = person.http.get(f"/v1/artifacts/{photo['id']}/content").content
        assert b"script" not in content
        with Image.open(io.BytesIO(content)) as image:
            assert image.mode == "RGB"


def blurred(side: int = 48) -> bytes:
    buffer = io.BytesIO()
    Image.open(io.BytesIO(picture(side))).filter(ImageFilter.GaussianBlur(6)).save(buffer, "PNG")
    return buffer.getvalue()


def test_what_would_be_said_is_said_without_keeping_anything(person: Person) -> None:
    good = picture(seed=7)
    files = (good, blurred(), good, b"GIF89a" * 20)
    form = [("photos", ("x", data, "image/png")) for data in files]
    answer = person.http.post("/v1/uploads/checks", files=form)
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert not said["accepted"]
    assert [each["accepted"] for each in said["data"]] == [True, False, False, False]
    codes = [[remark["code"] for remark in each["remarks"]] for each in said["data"]]
    assert codes == [[], ["photo_blurred"], ["photo_duplicate"], ["photo_type"]]
    assert (said["data"][0]["width"], said["data"][3]["width"]) == (48, None)
    assert kept(person) == 0
    assert person.http.post("/v1/uploads/checks", files=form[:1]).json()["accepted"]


def test_photos_are_refused_for_what_they_show(person: Person) -> None:
    good = picture(seed=8)
    status, answer = upload(person, good, blurred(), good)
    errors = answer["errors"]
    assert isinstance(errors, list)
    told = [(each["field"], each["code"]) for each in errors]
    assert (status, told) == (422, [("photos[1] (1.jpg)", "photo_blurred"), ("photos[2] (2.jpg)", "photo_duplicate")])
    assert kept(person) == 0


def test_duplicates_from_several_uploads_are_found_before_a_credit_is_held(person: Person) -> None:
    photo = picture(seed=9)
    ids = [upload(person, photo)[1]["data"][0]["id"] for _ in range(2)] + person.upload(1)  # type: ignore[index]
    answer = person.http.post("/v1/trainings", json={"photos": ids, "preset": "fast"})
    assert (answer.status_code, answer.json()["code"]) == (422, "photos_refused")
    assert [(each["field"], each["code"]) for each in answer.json()["errors"]] == [("photos[1]", "photo_duplicate")]
    assert person.http.get("/v1/trainings").json()["data"] == []
