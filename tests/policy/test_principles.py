"""P2: the principles."""

import io

import pytest
from PIL import Image

from governance.audit.verify import verify
from governance.errors import Refused
from governance.model import ArtifactId, Purpose
from tests.integration.house import House
from tests.integration.people import Person, picture
from tests.integration.waiting import until
from tests.policy.evidence import rows
from tests.support.governance import store_of


async def read_for(house: House, artifact: str, purpose: Purpose) -> bytes:
    """What a process of the service gets that asks the gate for this purpose."""
    async with house.holder.plaintext(ArtifactId(artifact), purpose) as data:
        return bytes(data)


def test_p2_1_what_was_done_is_proven_and_reported(person: Person, officer: Person) -> None:
    """An erasure ends in a certificate that verifies offline; the compliance report is generated from the log."""
    before = officer.http.get("/v1/dpo/report").json()
    request = person.http.delete("/v1/account").json()["id"]
    until(lambda: person.http.get(f"/v1/requests/{request}").json()["state"] == "completed")
    certificate = person.http.get(f"/v1/requests/{request}/certificate").content
    assert verify(certificate)
    spoiled = certificate.replace(b'"erased"', b'"kept"', 1)
    assert spoiled != certificate
    with pytest.raises(Exception, match=r".+"):
        verify(spoiled)
    after = officer.http.get("/v1/dpo/report").json()
    assert after != before
    assert set(after) == set(before)


def test_p2_2_a_correction_removes_what_was_made_from_the_wrong(house: House, person: Person) -> None:
    """The wrong caption and the model trained with it are gone; the wrong name is nowhere any more."""
    photos = person.upload()
    asked = {"photos": photos, "preset": "fast", "captions": {photos[0]: "a man called Bob"}}
    model = person.work_off(person.http.post("/v1/trainings", json=asked).json()["id"])
    [caption] = person.http.get("/v1/artifacts", params={"kind": "caption"}).json()["data"]
    body = {"right": "rectification", "artifact": caption["id"], "text": "a woman called Ada"}
    corrected = person.http.post("/v1/rights", json=body)
    assert corrected.status_code == 201, corrected.text
    assert person.http.get(f"/v1/artifacts/{caption['id']}/content").status_code == 410
    assert person.http.get(f"/v1/models/{model}").status_code == 410
    assert person.picture(model=model).status_code == 410
    now = person.http.get(f"/v1/artifacts/{corrected.json()['result']}/content").content
    assert now == b"a woman called Ada"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_p2_3_uploads_lose_their_metadata(person: Person, kind: str) -> None:
    """Neither the camera's name nor the place is in the photo that is kept, and undeclared fields are refused."""
    exif = Image.Exif()
    exif[0x010F] = "Secret Camera 3000"
    exif.get_ifd(0x8825)[2] = (55.0, 40.0, 0.0)
    data = picture(kind=kind, exif=exif.tobytes())
    assert b"Secret Camera 3000" in data
    answer = person.http.post("/v1/uploads", files=[("photos", ("holiday.jpg", data))])
    kept = person.http.get(f"/v1/artifacts/{answer.json()['data'][0]['id']}/content").content
    assert b"Secret Camera 3000" not in kept
    opened = Image.open(io.BytesIO(kept))
    assert len(opened.getexif()) == 0
    assert not {"exif", "xmp", "icc_profile", "comment"} & set(opened.info)
    assert person.http.patch("/v1/account", json={"name": "A", "shoe_size": 43}).status_code == 422


def test_p2_4_tampered_ciphertext_is_never_served(house: House, person: Person) -> None:
    """One changed bit in the object store, and the photo is refused, not served."""
    photo, other = person.upload(2)
    location = house.call(house.governance.artifact(ArtifactId(photo))).location
    store = store_of(house.governance)
    bucket, client = store._bucket, store._client
    sealed = bytearray(client.get_object(Bucket=bucket, Key=location)["Body"].read())
    sealed[len(sealed) // 2] ^= 1
    version = house.call(_version_of(house, photo))
    changed = client.put_object(Bucket=bucket, Key=location, Body=bytes(sealed))["VersionId"]
    house.call(_point_to(house, photo, changed))
    answer = person.http.get(f"/v1/artifacts/{photo}/content")
    assert (answer.status_code, answer.json()["code"]) == (500, "tampered")
    house.call(_point_to(house, photo, version))
    assert person.http.get(f"/v1/artifacts/{photo}/content").status_code == 200
    assert person.http.get(f"/v1/artifacts/{other}/content").status_code == 200


async def _version_of(house: House, artifact: str) -> str:
    async with house.governance.parts.database.transaction() as conn:
        found = await conn.execute("SELECT version_id FROM artifacts WHERE id = %s", [ArtifactId(artifact).uuid])
        row = await found.fetchone()
    assert row is not None
    return str(row[0])


async def _point_to(house: House, artifact: str, version: str) -> None:
    """What somebody could do who holds both the database and the bucket, but no key."""
    async with house.governance.parts.database.transaction() as conn:
        changed = "UPDATE artifacts SET version_id = %s WHERE id = %s"
        await conn.execute(changed, [version, ArtifactId(artifact).uuid])


def test_p2_5_every_processing_has_a_purpose_and_a_basis(person: Person) -> None:
    """The run behind a picture says why it was lawful; processing that was objected to does not start."""
    model = person.train()
    assert person.picture(model=model).status_code == 200
    [image] = person.http.get("/v1/artifacts", params={"kind": "image"}).json()["data"]
    lineage = person.http.get(f"/v1/artifacts/{image['id']}/lineage").json()
    assert {(run["purpose"], run["basis"]) for run in lineage["runs"]} >= {("generation", "contract")}
    objection = {"right": "objection", "purpose": "generation"}
    assert person.http.post("/v1/rights", json=objection).status_code == 201
    refused = person.picture(model=model)
    assert refused.status_code == 403, refused.text


def test_p2_6_a_purpose_it_was_not_collected_for_is_refused_and_logged(house: House, person: Person) -> None:
    """A photo may be read for training, not for marketing, and the refusal stands in the log."""
    [photo] = person.upload(1)
    assert house.call(read_for(house, photo, Purpose.TRAINING))
    with pytest.raises(Refused):
        house.call(read_for(house, photo, Purpose.MARKETING))
    logged = [line for line in rows(house).split(b"\n") if photo.encode() in line and b"read_refused" in line]
    assert len(logged) == 1
    assert b'"purpose":"marketing"' in logged[0]
