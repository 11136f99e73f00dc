"""`POST /v1/verify`: anyone may ask, without a token."""

import base64
import io

import httpx
from PIL import Image

from tests.integration.house import House
from tests.integration.people import Person, picture


def ask(house: House, *files: bytes) -> httpx.Response:
    form = [("picture", (f"{n}.png", data, "image/png")) for n, data in enumerate(files)]
    return httpx.post(f"{house.url}/v1/verify", files=form, timeout=60)


def test_a_picture_made_here_is_known_also_as_a_compressed_copy(house: House, person: Person) -> None:
    made = base64.b64decode(person.picture(size="64x64").json()["data"][0]["b64_json"])
    assert person.id.encode() not in made
    answer = ask(house, made).json()
    assert answer["made_here"]
    assert answer["watermark"]["found"]
    assert answer["credentials"] == {"found": True, "intact": True, "signed_here": True}
    copy = io.BytesIO()
    Image.open(io.BytesIO(made)).save(copy, "JPEG", quality=80)
    answer = ask(house, copy.getvalue()).json()
    assert (answer["made_here"], answer["watermark"]["found"]) == (True, True)
    assert not answer["credentials"]["found"]


def test_any_other_picture_is_not(house: House) -> None:
    for side in (1, 7, 64):
        answer = ask(house, picture(side, seed=1)).json()
        assert not answer["made_here"]
        assert answer["watermark"]["score"] < 6
        assert not answer["credentials"]["found"]


def test_what_is_no_picture_is_refused(house: House) -> None:
    for files, code in (((), "not_multipart"), ((b"",), "photo_empty"), ((b"GIF89a" * 9,), "photo_type")):
        answer = ask(house, *files)
        assert (answer.status_code, answer.json()["code"]) == (422, code)
    two = ask(house, picture(), picture())
    assert (two.status_code, two.json()["code"]) == (422, "not_one_picture")
