"""P5: sharing."""

from tests.integration.people import Person
from tests.integration.waiting import until


def test_p5_1_nobody_gets_data_without_a_contract(person: Person, officer: Person) -> None:
    """A recipient that is not in the register gets nothing, a registered one only the fields of its contract."""
    sold = {"processor": "data-broker", "subject": person.id, "fields": ["email"]}
    refused = officer.http.post("/v1/dpo/transfers", json=sold)
    assert (refused.status_code, refused.json()["code"]) in {(403, "refused"), (404, "not_found")}
    more = {"processor": "object-storage", "subject": person.id, "fields": ["email"]}
    assert officer.http.post("/v1/dpo/transfers", json=more).status_code == 403
    fitting = {"processor": "object-storage", "subject": person.id, "fields": ["sealed-bytes"]}
    assert officer.http.post("/v1/dpo/transfers", json=fitting).status_code == 201


def test_p5_2_a_picture_of_two_needs_both_and_any_one_s_no_removes_it(person: Person, stranger: Person) -> None:
    """Without the other's consent there is none; with it the picture is both's; withdrawn, it is gone for both."""
    hers, his = person.train(1), stranger.train(2)
    people = [{"model": hers}, {"model": his, "prompt": "somebody else"}]
    assert person.picture(people=people).status_code == 404
    share = stranger.http.post("/v1/shares", json={"model": his, "receiver": person.id})
    assert share.status_code == 201, share.text
    made = person.picture(people=people, response_format="url")
    assert made.status_code == 200, made.text
    path = f"/v1/artifacts/{made.json()['data'][0]['artifact']}"
    assert {one.http.get(f"{path}/content").status_code for one in (person, stranger)} == {200}
    assert set(person.http.get(path).json()["parents"]) >= {hers, his}
    assert stranger.http.delete(f"/v1/shares/{share.json()['id']}").status_code == 200
    assert {one.http.get(f"{path}/content").status_code for one in (person, stranger)} == {410}
    assert person.picture(people=people).status_code == 404


def test_p5_3_a_disclosure_is_recorded(person: Person, officer: Person) -> None:
    """To whom, what and on what basis; free text about a person has no place in it."""
    body = {"subject": person.id, "recipient": "police", "basis": "code-of-procedure-804", "reference": "case-4711"}
    made = officer.http.post("/v1/dpo/disclosures", json={**body, "kinds": ["photo"]})
    assert made.status_code == 201, made.text
    listed = officer.http.get("/v1/dpo/disclosures").json()["data"]
    [found] = [one for one in listed if one["subject"] == person.id]
    assert (found["recipient"], found["basis"], found["kinds"]) == ("police", "code-of-procedure-804", ["photo"])
    wordy = {**body, "kinds": ["photo"], "reference": "Ada Example of Example Street"}
    assert officer.http.post("/v1/dpo/disclosures", json=wordy).status_code == 422


def test_p5_4_processors_are_registered_and_told_of_an_erasure(person: Person, officer: Person) -> None:
    """The register names each with purpose, region and fields; an erasure ends with the answer of each."""
    register = officer.http.get("/v1/dpo/register").json()
    processors = {one["name"]: one for one in register["recipients"]}
    assert processors["object-storage"]["fields"] == ["sealed-bytes"]
    assert all(one["region"] and one["purpose"] and one["fields"] for one in processors.values())
    person.upload(1)
    request = person.http.delete("/v1/account").json()["id"]
    until(lambda: person.http.get(f"/v1/requests/{request}").json()["state"] == "completed")
    certificate = person.http.get(f"/v1/requests/{request}/certificate").text
    assert all(f'"{name}"' in certificate for name in processors)
