"""The official `openai` client works unchanged."""

import base64
import io
from collections.abc import Iterator

import httpx
import pytest
from openai import APIStatusError, NotFoundError, OpenAI, UnprocessableEntityError
from PIL import Image

from tests.integration.people import Person


@pytest.fixture
def client(person: Person) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{person.house.url}/v1", api_key=person.token, max_retries=0) as opened:
        yield opened


def test_pictures_as_base64(client: OpenAI, person: Person) -> None:
    model = person.train()
    answer = client.images.generate(
        model=model, prompt="a face", n=2, size="16x16", response_format="b64_json", extra_body={"seed": 3, "steps": 3}
    )
    assert answer.data is not None
    pictures = [Image.open(io.BytesIO(base64.b64decode(each.b64_json or ""))) for each in answer.data]
    assert [each.size for each in pictures] == [(16, 16), (16, 16)]
    assert all(each.format == "PNG" for each in pictures)


def test_pictures_as_links(client: OpenAI) -> None:
    answer = client.images.generate(model="base", prompt="a face")
    assert answer.data is not None
    assert answer.data[0].url is not None
    followed = httpx.get(answer.data[0].url)
    assert followed.headers["content-type"] == "image/png"
    assert Image.open(io.BytesIO(followed.content)).size == (16, 16)


def test_partial_pictures_stream_before_the_finished_one(client: OpenAI) -> None:
    stream = client.images.generate(prompt="a face", stream=True, partial_images=2, extra_body={"steps": 6, "seed": 1})
    events = list(stream)
    assert [event.type for event in events] == [
        "image_generation.partial_image",
        "image_generation.partial_image",
        "image_generation.completed",
    ]
    assert [getattr(event, "partial_image_index", None) for event in events] == [0, 1, None]
    pictures = [base64.b64decode(event.b64_json) for event in events]
    assert all(Image.open(io.BytesIO(each)).size == (16, 16) for each in pictures)
    assert len(set(pictures)) == 3


def test_models_are_listed_and_read(client: OpenAI, person: Person) -> None:
    model = person.train()
    assert [each.id for each in client.models.list()] == ["base", model]
    assert client.models.retrieve(model).owned_by == "you"


def test_errors_have_openais_shape(client: OpenAI, person: Person, stranger: Person) -> None:
    with pytest.raises(NotFoundError) as unknown:
        client.images.generate(model=stranger.train(), prompt="a face")
    assert unknown.value.code == "not_found"
    with pytest.raises(UnprocessableEntityError) as wrong:
        client.images.generate(prompt="a face", size="999x999")  # type: ignore[call-overload]
    assert (wrong.value.code, wrong.value.param) == ("invalid_size", "size")
    model = person.train()
    person.http.delete(f"/v1/artifacts/{model}")
    with pytest.raises(APIStatusError) as gone:
        client.images.generate(model=model, prompt="a face")
    assert (gone.value.status_code, gone.value.code) == (410, "gone")
