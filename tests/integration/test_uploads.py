"""Photos over HTTP: every refusal says which photo and why, and then none is kept."""

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
