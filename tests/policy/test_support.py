"""P3.2 and P12.1: what people write to support."""

from typing import Any

from governance.model import Role
from tests.integration.people import Person, picture

TICKETS = "/v1/support/tickets"


def asked(person: Person) -> dict[str, Any]:
    files: list[tuple[str, Any]] = [("message", (None, "Hvad ved I om mig?")), ("attachments", ("a.png", picture()))]
    answer = person.http.post(TICKETS, files=files)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def test_p3_2_messages_and_attachments_are_artifacts_like_any_other(person: Person, stranger: Person) -> None:
    """Both are listed with a deadline, read by their sender alone, and erased with the account."""
    ticket = asked(person)
    kinds = {"message", "attachment"}
    kept = [one for one in person.http.get("/v1/artifacts").json()["data"] if one["kind"] in kinds]
    assert {one["kind"] for one in kept} == kinds
    assert all(one["deadline"] and one["purpose"] == "support" for one in kept)
    for one in kept:
        assert person.http.get(f"/v1/artifacts/{one['id']}/lineage").status_code == 200
        assert stranger.http.get(f"/v1/artifacts/{one['id']}/content").status_code == 404
    assert stranger.http.get(f"{TICKETS}/{ticket['id']}").status_code == 404
    erased = person.http.delete("/v1/account").json()
    assert erased["counts"]["message"] == erased["counts"]["attachment"] == 1
    assert person.http.get(f"{TICKETS}/{ticket['id']}").status_code == 410


def test_p12_1_a_question_has_a_number_and_waits_for_a_person(person: Person, stranger: Person) -> None:
    """The answer to a question is its ticket's number; it stands in support's queue until somebody answered."""
    ticket = asked(person)
    assert ticket["id"].startswith("tkt_")
    somebody = stranger.works_as(Role.SUPPORT)
    path = f"/v1/support/queue/{ticket['id']}"
    assert somebody.get(path).json()["messages"][0]["text"] == "Hvad ved I om mig?"
    answer = somebody.post(f"{path}/answers", json={"message": "Alt står i din kopi."})
    assert answer.json()["state"] == "answered"
    assert person.http.get(f"{TICKETS}/{ticket['id']}").json()["messages"][-1]["text"] == "Alt står i din kopi."
