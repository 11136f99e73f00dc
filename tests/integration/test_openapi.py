"""The running service keeps to its own OpenAPI document, whatever comes."""

from datetime import timedelta

from governance.clock import utc_now
from governance.ids import SubjectId
from governance.model import NewToken
from serve_apps.ingress.secrets import new_token
from tests.integration.house import House
from tests.integration.people import Person, newcomer
from tests.support.fuzzing import Callers, Fuzz


def officers_token(house: House, person: Person) -> str:
    fresh = new_token()
    ends = utc_now() + timedelta(hours=1)
    house.call(house.governance.issue_token(NewToken(SubjectId(person.id), fresh.hash, frozenset({"dpo"}), ends)))
    return fresh.text


def callers(house: House, officer: Person) -> Callers:
    return Callers(lambda: newcomer(house).token, officers_token(house, officer), house.url)


def test_made_up_calls_are_answered_as_the_document_says(house: House, stranger: Person) -> None:
    """Always the same calls: a fixed seed. `make test-api` makes ten thousand."""
    document = stranger.http.get("/openapi.json").json()
    fuzz = Fuzz(document, callers(house, stranger))
    fuzz.every_operation(examples=2)
    fuzz.walks(count=4, steps=6)
    assert fuzz.result.wrong == {}
    assert fuzz.result.calls > 150
    assert fuzz.result.statuses[200] + fuzz.result.statuses[201] > 20, "some calls must be good ones"
