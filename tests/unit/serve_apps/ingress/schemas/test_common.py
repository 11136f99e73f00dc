"""What passes through the schemas stays in no cache."""

from datetime import date
from typing import Annotated

from pydantic import TypeAdapter
from pydantic.fields import FieldInfo

from serve_apps.ingress.schemas.accounts import SignUp
from serve_apps.ingress.schemas.common import Answer, Body


class Note(Body):
    text: str


def test_the_validator_keeps_no_copy_of_a_name() -> None:
    """A cached text would be one and the same object at its second coming."""
    body = {"email": "ada@example.org", "password": "a long enough password", "date_of_birth": date(1990, 1, 31)}
    as_fastapi_does = TypeAdapter(Annotated[SignUp, FieldInfo()])
    for validate in (SignUp.model_validate, as_fastapi_does.validate_python):
        first, again = (validate(body | {"name": " Ada Example "}) for _ in range(2))
        assert first.name == again.name == "Ada Example"
        assert first.name is not again.name


def test_nor_of_anything_read_from_json() -> None:
    first, again = (Note.model_validate_json('{"text": "a few words"}') for _ in range(2))
    assert first.text is not again.text
    assert Answer.model_config["cache_strings"] == "none"
