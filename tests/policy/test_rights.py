"""P6.2 and P7: the rights."""

import io
import json
import zipfile
from datetime import datetime, timedelta

from governance.model import SubjectId
from tests.integration.house import House
from tests.integration.people import Person
from tests.integration.waiting import until
from tests.policy.evidence import objects


def asked(person: Person, **body: object) -> dict[str, object]:
    """The request as it was received."""
    answer = person.http.post("/v1/rights", json=body)
    assert answer.status_code == 201, answer.text
    found: dict[str, object] = answer.json()
    return found


def archive(person: Person, right: str) -> zipfile.ZipFile:
    """The archive that was asked for, once it is there."""
    request = asked(person, right=right)["id"]
    result = until(lambda: person.http.get(f"/v1/rights/{request}").json()["result"])
    return zipfile.ZipFile(io.BytesIO(person.http.get(f"/v1/artifacts/{result}/content").content))


def test_p6_2_an_account_is_erased_within_the_week(house: House, person: Person) -> None:
    """Unreadable at once, its bytes gone in seconds, and the promised end is no more than a week away."""
    person.upload()
    assert objects(house, person.id)
    request = person.http.delete("/v1/account").json()
    assert person.http.get("/v1/account").status_code == 410
    promised = datetime.fromisoformat(request["due_at"]) - datetime.fromisoformat(request["created_at"])
    assert promised <= timedelta(days=7)
    until(lambda: person.http.get(f"/v1/requests/{request['id']}").json()["state"] == "completed")
    assert objects(house, person.id) == {}


def test_p7_1_access_gives_a_copy_of_everything(house: House, person: Person) -> None:
    """One archive with every artifact that the lineage knows, and purposes, recipients and deadlines in JSON."""
    model = person.train()
    assert person.picture(model=model).status_code == 200
    known = house.call(house.governance.artifacts(SubjectId(person.id), limit=200)).items
    with archive(person, "access") as copy:
        names = copy.namelist()
        told = "\n".join(copy.read(name).decode() for name in names if name.endswith(".json"))
    missing = [one.id for one in known if one.id not in told and not any(one.id in name for name in names)]
    assert missing == []
    assert all(word in told for word in ("purpose", "deadline", "object-storage", person.email))


def test_p7_2_one_upload_is_erased_with_what_was_made_from_it(person: Person) -> None:
    """A photo takes the model with it and leaves the photos beside it."""
    model = person.train()
    first, *others = person.http.get(f"/v1/artifacts/{model}").json()["parents"]
    assert person.http.delete(f"/v1/artifacts/{first}").status_code == 202
    assert person.http.get(f"/v1/artifacts/{first}").status_code == 410
    assert person.http.get(f"/v1/models/{model}").status_code == 410
    assert {person.http.get(f"/v1/artifacts/{one}/content").status_code for one in others} == {200}


def test_p7_3_an_objection_stops_work_that_runs(person: Person) -> None:
    """A queued training ends when its owner objects to training, and no other begins."""
    photos = person.upload()
    training = person.http.post("/v1/trainings", json={"photos": photos, "preset": "fast"}).json()["id"]
    asked(person, right="objection", purpose="training")
    assert person.http.get(f"/v1/trainings/{training}").json()["state"] == "canceled"
    assert person.http.post("/v1/trainings", json={"photos": photos, "preset": "fast"}).status_code == 403
    asked(person, right="objection", purpose="marketing")


def test_p7_4_the_archive_is_structured_and_whole(person: Person) -> None:
    """Photos as pictures, the model as safetensors, JSON for the rest."""
    model = person.train()
    with archive(person, "portability") as copy:
        assert copy.testzip() is None
        endings = {name.rsplit(".", 1)[-1] for name in copy.namelist()}
        documents = [json.loads(copy.read(name)) for name in copy.namelist() if name.endswith(".json")]
        assert any(name.endswith(".safetensors") and model in name for name in copy.namelist())
    assert documents
    assert endings & {"png", "jpg", "webp"}


def test_p7_5_a_name_is_corrected(person: Person) -> None:
    """The corrected name is shown, and the wrong profile is gone."""
    [old] = [one for one in person.http.get("/v1/artifacts").json()["data"] if one["kind"] == "profile"]
    asked(person, right="rectification", name="Ada Lovelace")
    assert person.http.get("/v1/account").json()["name"] == "Ada Lovelace"
    assert person.http.get(f"/v1/artifacts/{old['id']}/content").status_code == 410


def test_p7_6_restricted_data_stays_untouched(person: Person) -> None:
    """No training and no picture while it lasts; the data can be seen, and afterwards all goes on."""
    model = person.train()
    photos = person.upload()
    request = asked(person, right="restriction")["id"]
    assert person.picture(model=model).status_code == 403
    assert person.http.post("/v1/trainings", json={"photos": photos, "preset": "fast"}).status_code == 403
    assert person.http.get(f"/v1/artifacts/{photos[0]}/content").status_code == 200
    assert person.http.delete(f"/v1/rights/{request}").status_code == 200
    assert person.picture(model=model).status_code == 200


def test_p7_7_every_request_has_a_clock_of_a_month(person: Person, officer: Person) -> None:
    """Received with its end at most a month away, in the officer's queue, with a state and an answer."""
    request = asked(person, right="access")
    promised = datetime.fromisoformat(str(request["due_at"])) - datetime.fromisoformat(str(request["created_at"]))
    assert timedelta(days=27) < promised <= timedelta(days=31)
    queue = officer.http.get("/v1/dpo/requests", params={"only_open": False}).json()["data"]
    assert request["id"] in [one["id"] for one in queue]
    answered = until(lambda: person.http.get(f"/v1/rights/{request['id']}").json()["answered_at"])
    assert answered <= str(request["due_at"])
