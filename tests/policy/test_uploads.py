"""P8.4: what is sent is looked at by the virus scanner before anything else is done with it."""

from tests.integration.people import Person, picture
from tests.support.clamd import EICAR


def test_p8_4_a_file_with_a_virus_is_refused(person: Person) -> None:
    """The scanner sees every file as it was sent; one it objects to is refused by name and nothing of it is kept."""
    form = [("photos", (name, data, "image/png")) for name, data in (("a", picture()), ("b", picture() + EICAR))]
    answer = person.http.post("/v1/uploads", files=form)
    assert answer.status_code == 422, answer.text
    assert [(each["field"], each["code"]) for each in answer.json()["errors"]] == [("photos[1] (b)", "photo_virus")]
    assert person.http.get("/v1/artifacts", params={"kind": "photo"}).json()["data"] == []
    assert len(person.upload(1)) == 1
