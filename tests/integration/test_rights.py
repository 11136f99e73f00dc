"""Rights through the public interface: the archive is complete and moves, and the officer's side answers."""

import io
import json
import zipfile
from typing import Any
from uuid import uuid4

import httpx
import jsonschema
import pytest

from governance.ids import SubjectId
from governance.model import Role
from tests.integration.people import Person
from tests.integration.waiting import until


@pytest.fixture
def officer(stranger: Person) -> httpx.Client:
    return stranger.works_as(Role.DPO)


def archive_of(person: Person) -> bytes:
    asked = person.http.post("/v1/rights", json={"right": "portability"})
    assert asked.status_code == 201, asked.text

    def result() -> Any:
        return person.http.get(f"/v1/rights/{asked.json()['id']}").json()["result"]

    content = person.http.get(f"/v1/artifacts/{until(result, 60)}/content")
    assert content.headers["content-type"] == "application/zip"
    return content.content


def test_the_archive_is_complete_against_the_lineage_and_moves(person: Person, stranger: Person) -> None:
    model = person.train()
    assert person.picture(model=model).status_code == 200
    house = person.house
    held = house.call(house.governance.dossier(SubjectId(person.id))).artifacts
    archive = archive_of(person)
    with zipfile.ZipFile(io.BytesIO(archive)) as file:
        data = json.loads(file.read("data.json"))
        jsonschema.validate(data, json.loads(file.read("schema/data.schema.json")))
        told = {each["id"] for each in data["artifacts"] if each["left_out"] is None}
        assert told == {one.id for one in held}
        files = {each["file"] for each in data["artifacts"] if each["file"]}
        assert files == set(file.namelist()) - {"data.json", "schema/data.schema.json"}
    taken = stranger.http.post("/v1/imports", files={"archive": ("e.zip", archive, "application/zip")})
    assert taken.status_code == 201, taken.text
    assert stranger.picture(model=taken.json()["ids"][model]).status_code == 200
    broken = stranger.http.post("/v1/imports", files={"archive": ("e.zip", archive[:500], "application/zip")})
    assert (broken.status_code, broken.json()["code"]) == (422, "bad_archive")


def test_restriction_and_objection_stop_generation_until_withdrawn(person: Person) -> None:
    model = person.train()
    for body, code in (
        ({"right": "restriction"}, "frozen"),
        ({"right": "objection", "purpose": "generation"}, "objected"),
    ):
        asked = person.http.post("/v1/rights", json=body).json()
        refused = person.picture(model=model)
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, code)
        assert person.http.delete(f"/v1/rights/{asked['id']}").json()["state"] == "withdrawn"
        assert person.picture(model=model).status_code == 200


def test_a_corrected_caption_takes_the_model_along_and_trains_anew(person: Person) -> None:
    photos = person.upload()
    body = {"photos": photos, "preset": "fast", "captions": {photos[0]: "red hair"}}
    assert person.http.post("/v1/trainings", json=body).status_code == 202
    caption = person.http.get("/v1/artifacts?kind=caption").json()["data"][0]["id"]
    asked = {"right": "rectification", "artifact": caption, "text": "brown hair", "rederive": True}
    done = person.http.post("/v1/rights", json=asked)
    assert done.json()["outcome"] == "fulfilled", done.text
    assert person.http.get(f"/v1/artifacts/{caption}").status_code == 410
    states = {job["state"]: job["inputs"] for job in person.http.get("/v1/trainings").json()["data"]}
    assert done.json()["result"] in states["queued"]
    assert "canceled" in states


def test_the_officer_sees_answers_and_takes_down(person: Person, officer: httpx.Client) -> None:
    assert person.http.get("/v1/dpo/requests").status_code == 403
    asked = person.http.post("/v1/rights", json={"right": "objection", "purpose": "security"}).json()
    assert asked["id"] in {each["id"] for each in officer.get("/v1/dpo/requests").json()["data"]}
    decision = {"outcome": "refused-compelling-grounds", "message": "we need the checks"}
    assert officer.post(f"/v1/dpo/requests/{asked['id']}/answer", json=decision).json()["state"] == "refused"
    answer = person.http.get(f"/v1/rights/{asked['id']}").json()["answer"]
    assert person.http.get(f"/v1/artifacts/{answer}/content").content == b"we need the checks"
    breach = {"reference": "incident-1", "nature": ["integrity"], "people": 1, "risk": "risk"}
    assert officer.post("/v1/dpo/breaches", json=breach).status_code == 201
    assert officer.get("/v1/dpo/register").json()["recipients"]
    assert officer.get("/v1/dpo/report").json()["log_root"]
    assert officer.post("/v1/dpo/takedowns", json={"target": person.id}).status_code == 202
    assert person.http.get("/v1/account").status_code == 410


def test_an_outside_tool_speaks_opendsr(person: Person, officer: httpx.Client) -> None:
    number = str(uuid4())
    body = {
        "regulation": "gdpr", "subject_request_id": number, "subject_request_type": "access",
        "submitted_time": "2026-01-01T00:00:00Z",
        "subject_identities": [{"identity_type": "email", "identity_value": person.email}],
    }  # fmt: skip
    assert officer.post("/opendsr/v2/requests", json=body).status_code == 201

    def completed() -> Any:
        status = officer.get(f"/opendsr/v2/requests/{number}")
        assert status.headers["x-opendsr-signature"]
        return status.json()["results_url"] if status.json()["request_status"] == "completed" else None

    assert httpx.get(until(completed, 60), timeout=30).content.startswith(b"PK")
