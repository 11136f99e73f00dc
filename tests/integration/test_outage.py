"""Governance loses its database: no new personal work (503, Retry-After), nothing is lost, all resumes by itself."""

import base64
import io
from collections.abc import Iterator
from contextlib import suppress

import httpx
import psutil
import pytest
from PIL import Image

from cluster.embedded.throwaway import Servers, throwaway_servers
from tests.integration.house import House, open_house
from tests.integration.people import Person, newcomer, picture
from tests.integration.waiting import until


@pytest.fixture(scope="module")
def own_servers() -> Iterator[Servers]:
    """Servers that may be killed without disturbing other tests."""
    with throwaway_servers() as servers:
        yield servers


@pytest.fixture(scope="module")
def own_house(own_servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with open_house(own_servers, tmp_path_factory.mktemp("outage")) as running:
        yield running


@pytest.mark.timeout(600)
def test_an_outage_is_answered_with_503_and_a_time_and_then_all_goes_on(own_servers: Servers, own_house: House) -> None:
    person = newcomer(own_house)
    person.http.timeout = 150
    model = person.train()
    before = _made(person.picture(model=model, seed=3))
    photo = person.upload(1)[0]
    content = person.http.get(f"/v1/artifacts/{photo}/content").content

    _kill(own_servers)
    for answer in _personal_work(person, model, photo):
        assert answer.status_code == 503, answer.text
        assert int(answer.headers["retry-after"]) >= 1
    until(lambda: model not in own_house.engine.stats().resident)  # its lease ended, and the adapter with it

    own_servers.postgres.start()
    until(lambda: person.http.get("/v1/account").status_code == 200, within_s=60)
    assert person.http.get(f"/v1/artifacts/{photo}/content").content == content
    again = until(lambda: _made(person.picture(model=model, seed=3)), within_s=60)
    assert before is not None
    assert again == before
    assert person.http.delete("/v1/account").status_code == 202
    assert person.http.get(f"/v1/artifacts/{photo}").status_code == 410
    person.http.close()


def _personal_work(person: Person, model: str, photo: str) -> Iterator[httpx.Response]:
    """Everything that would touch somebody's data."""
    yield person.http.post("/v1/uploads", files=[("photos", ("a.png", picture(), "image/png"))])
    yield person.http.post("/v1/trainings", json={"photos": [photo], "preset": "fast"})
    yield person.picture(model=model)
    yield person.http.get(f"/v1/artifacts/{photo}/content")
    yield person.http.delete("/v1/account")


def _kill(servers: Servers) -> None:
    """PostgreSQL and its children, as the kernel would when memory runs out."""
    mark = servers.postgres.running()
    assert mark is not None
    family = psutil.Process(mark.pid)
    for process in (family, *family.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            process.kill()


def _made(answer: httpx.Response) -> bytes | None:
    """Its pixels: the credentials around them say when it was made."""
    if answer.status_code != 200:
        return None
    return Image.open(io.BytesIO(base64.b64decode(answer.json()["data"][0]["b64_json"]))).tobytes()
